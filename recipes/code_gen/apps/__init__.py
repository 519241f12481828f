"""Families of whole apps, by subject: read by rows.py."""
