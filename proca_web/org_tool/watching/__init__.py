"""Checking what the platform publishes of keys."""
