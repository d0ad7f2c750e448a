"""What became of the pupils, as commands are told of it: files of destinations, and days."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from roni.cli.console import complain
from roni.errors import RoniError

if TYPE_CHECKING:
    from roni.outcomes import Spells

Destinations = Annotated[
    list[Path], typer.Option("--destinations", help="What became of them: UPNs and activities. May be repeated.")
]
AsAt = Annotated[str | None, typer.Option("--as-at", metavar="DATE", help="The day the destinations are of.")]


def read_spells(files: list[Path], as_at: str | None) -> Spells:
    """The destinations of every file together; what could not be read in one is said on standard error."""
    from roni.readers.destinations import read_destinations

    on = read_day("--as-at", as_at)
    first, *others = (read_destinations(file, on) for file in files)
    spells = sum(others, start=first)
    for block in spells.problems:
        complain(f"{block.file}: {next(iter(block)).message} ({len(block):,} rows)")
    return spells


def read_day(option: str, text: str | None) -> date | None:
    """The day that an option states. Raises RoniError."""
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError as error:
        raise RoniError(f"{option}: “{text}” is not a day. Write it as 2027-03-01.") from error
