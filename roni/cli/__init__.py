"""The `roni` command: parse, call, print. What it does is elsewhere; this says it in a terminal."""

from __future__ import annotations

from roni.cli.app import app, main

__all__ = ["app", "main"]
