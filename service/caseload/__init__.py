"""Moderation, coaches, contacts and requests."""
