"""Checks: which schools are asked for what by when, and how far they are."""
