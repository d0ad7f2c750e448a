"""Which row of a table holds the headings: the one with the most headings that we know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from roni.errors import FileRefusedError
from roni.readers.limits import MAX_BLANK_GAP, MAX_COLUMNS

Known = Callable[[str], bool]

ENOUGH_KNOWN = 2  # one known word may stand in any title ("Year group"); two beside each other are headings


def count_known(cells: Sequence[str], known: Known, beat: int = -1) -> int:
    """How many different headings of a row are known; some number up to `beat` where there are no more than that."""
    if len(set(cells)) <= beat:
        return 0
    found = 0
    headings = {as_heading(cell) for cell in cells} - {""}
    could_miss = len(headings) - beat
    for heading in headings:
        if could_miss <= 0:
            break
        if known(heading):
            found += 1
        else:
            could_miss -= 1
    return found


def as_heading(cell: str) -> str:
    """A heading on one line, as people would say it: “Legal\\nSurname” is “Legal Surname”."""
    return " ".join(cell.split())


@dataclass(frozen=True)
class HeadingRow:
    """The headings as found, the place of the row that they end on, and how many of them are known."""

    cells: tuple[str, ...]
    place: int
    known: int


def find_heading_row(rows: Sequence[Sequence[str]], known: Known) -> HeadingRow | None:
    """The row with the most known headings, the first of equals; None if under two (one, in a list of one column).

    Headings may stand on two rows, groups above ("Attendance") and parts below ("Possible", "%"): both are read where
    that makes more headings known.
    """
    best = place = 0
    for number, row in enumerate(rows):
        count = count_known(row, known, best)  # most rows are pupils: a few cells tell that they are no better
        if count > best:
            best, place = count, number
    if best < ENOUGH_KNOWN and not (best and _one_column(rows)):
        return None
    found = HeadingRow(tuple(rows[place]), place, best)
    for upper in (place - 1, place):
        if 0 <= upper < len(rows) - 1 and (upper < place or _is_lower(rows[upper], rows[upper + 1])):
            cells = _joined(rows[upper], rows[upper + 1], known)
            count = count_known(cells, known)
            found = HeadingRow(cells, upper + 1, count) if count > found.known else found
    return found


def _one_column(rows: Sequence[Sequence[str]]) -> bool:
    """Whether no row has more than one cell: a plain list of UPNs under its one heading."""
    return all(sum(1 for cell in row if cell.strip()) <= 1 for row in rows)


def _is_lower(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Whether a row holds parts of the headings above it: it says nothing under a heading that stands alone."""
    above = [cell.strip() for cell in upper] + [""] * (len(lower) + 1 - len(upper))
    filled = [place for place, cell in enumerate(lower) if cell.strip()]
    return bool(filled) and all(not above[place] or not above[place + 1] for place in filled)


def _joined(upper: Sequence[str], lower: Sequence[str], known: Known) -> tuple[str, ...]:
    """Each part below under its group: together where that is known, else the part alone, else the group."""
    groups = [as_heading(cell) for cell in upper] + [""] * (len(lower) - len(upper))
    parts = [as_heading(cell) for cell in lower] + [""] * (len(upper) - len(lower))
    cells = []
    group = ""
    for own, part in zip(groups, parts, strict=True):
        group = own or (group if part else "")
        both = f"{group} {part}".strip()
        cells.append(both if part and known(both) else part or own)
    return tuple(cells)


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
