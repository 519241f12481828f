"""Families of small apps, by subject: read by rows.py and scenes.py."""
