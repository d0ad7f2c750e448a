"""Registers: worked out, listed, compared, explained."""
