"""Which row of a table holds the headings: the one with the most headings that we know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from roni.errors import FileRefusedError
from roni.readers.limits import MAX_BLANK_GAP, MAX_COLUMNS

Known = Callable[[str], bool]

ENOUGH_KNOWN = 2  # one known word may stand in any title ("Year group"); two beside each other are headings


def count_known(cells: Sequence[str], known: Known) -> int:
    """How many different headings of a row are known."""
    return sum(1 for heading in {as_heading(cell) for cell in cells} if heading and known(heading))


def as_heading(cell: str) -> str:
    """A heading on one line, as people would say it: “Legal\\nSurname” is “Legal Surname”."""
    return " ".join(cell.split())


def find_heading_row(rows: Sequence[Sequence[str]], known: Known) -> tuple[int, int] | None:
    """The place of the row with the most known headings, and how many; the first of equals; None if under two."""
    counts = [count_known(row, known) for row in rows]
    best = max(counts, default=0)
    return (counts.index(best), best) if best >= ENOUGH_KNOWN else None


def trim_headings(cells: Sequence[str], file: str) -> tuple[str, ...]:
    """The headings, up to a gap too wide to be part of the table. Raises FileRefusedError."""
    headings = [as_heading(cell) for cell in cells]
    width = gap = 0
    for heading in headings:
        gap = 0 if heading else gap + 1
        if gap > MAX_BLANK_GAP:
            break
        width += 1
    width -= gap if gap > MAX_BLANK_GAP else 0
    if width > MAX_COLUMNS:
        raise too_many_columns(file)
    return tuple(headings[:width])


def too_many_columns(file: str) -> FileRefusedError:
    """The refusal of a table that is wider than any list of pupils."""
    sentence = f"The table has more than {MAX_COLUMNS:,} columns. Export only the columns that are asked for."
    return FileRefusedError("too_many_columns", file, sentence)


def no_headings(file: str, where: str = "") -> FileRefusedError:
    """The refusal of a file in which no row looks like headings."""
    sentence = (
        f"No row of headings was found{where}. One row, near the top, must name the columns: "
        "for example UPN, Surname, Forename, Year group, Attendance."
    )
    return FileRefusedError("no_headings", file, sentence)
