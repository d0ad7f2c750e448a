"""What is printed: results on standard output, everything else on standard error."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 160  # characters, where there is no terminal to ask
MOST_WIDTH = 28  # characters of a column that is not the last


def console(*, stderr: bool = False) -> Console:
    """A rich console that prints what it is given: a name in square brackets is a name, not a style."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def say(text: str = "") -> None:
    """A sentence or more: lines are broken for a terminal only, where they would be broken inside a word."""
    _print(text, console(), sys.stdout)


def complain(text: str) -> None:
    _print(text, console(stderr=True), sys.stderr, style="bold")


def _print(text: str, by: Console, stream: TextIO, **how: Any) -> None:
    with by.capture() as printed:
        by.print(text, soft_wrap=not stream.isatty(), **how)
    _write(printed.get(), stream)


def _write(text: str, stream: TextIO) -> None:
    """Write to a stream whose reader may have seen enough (`| head`): the rest goes nowhere, and the work goes on.

    So a file is written and the exit status is what it would have been, whoever listened. A closed pipe is EPIPE, and
    on Windows EINVAL.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EINVAL):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_json(value: Any) -> None:
    """JSON for another program: plain ASCII, so that no console's encoding can spoil it. A date is 2026-11-06."""
    _write(json.dumps(value, indent=2, default=str) + "\n", sys.stdout)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under headings, without the columns that say nothing; the last column's text is broken into lines first."""
    from rich import box
    from rich.table import Table

    if not rows:
        return
    said = [place for place in range(len(headings)) if any(row[place] for row in rows)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place in said:
        most, share = (None, 1) if place == said[-1] else (MOST_WIDTH, None)
        table.add_column(headings[place], overflow="fold", max_width=most, ratio=share)
    for row in rows:
        table.add_row(*(row[place] for place in said))
    out = console()
    with out.capture() as printed:
        out.print(table)
    _write("\n".join(line.rstrip() for line in printed.get().splitlines()) + "\n\n", sys.stdout)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Shows that something is being done, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    with console(stderr=True).status(what):
        yield


def prepare_streams() -> None:
    """A console that cannot show a character shows a question mark instead of failing (older Windows code pages)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
