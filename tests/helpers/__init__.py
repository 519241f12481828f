"""What tests share: small real models, runs, rows, a hub and a browser."""
