"""`python -m roni` is the `roni` command."""

from __future__ import annotations

from roni.cli import main

if __name__ == "__main__":
    main()
