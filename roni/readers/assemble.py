"""The last step of every reader: cells made plain, blank rows dropped, spare cells reported, nothing empty returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.errors import FileRefusedError, ProblemBlock
from roni.readers.cells import has_value, tidy
from roni.readers.raw import RawTable


def assemble(
    file: str,
    headings: Sequence[str],
    columns: Sequence[Any],
    rows: NDArray[np.int64],
    digest: str,
    how: Mapping[str, str],
    problems: Sequence[ProblemBlock] = (),
    *,
    escaped: bool = True,
) -> RawTable:
    """A RawTable from pyarrow string arrays; columns beyond the headings hold the spare cells of long rows.

    Columns without heading and without any value are left out, and rows with nothing under any heading. Raises
    FileRefusedError where no row is left.
    """
    plain = [tidy(column, escaped=escaped) for column in columns]
    width = len(headings)
    ragged = rows[has_value(plain[width:], len(rows))]
    plain = plain[:width]
    filled = has_value(plain, len(rows))
    if not filled.any():
        raise no_pupils(file)
    if not filled.all():
        plain, rows = [column.filter(filled) for column in plain], rows[filled]
    used = [place for place in range(width) if headings[place] or plain[place].null_count < len(rows)]
    return RawTable(
        file=file,
        headings=tuple(headings[place] for place in used),
        columns=tuple(plain[place] for place in used),
        rows=rows,
        digest=digest,
        how=how,
        problems=(*problems, *([ProblemBlock("row_ragged", file, "", ragged)] if len(ragged) else [])),
    )


def no_pupils(file: str) -> FileRefusedError:
    """The refusal of a file that has headings and nothing under them."""
    return FileRefusedError("no_rows", file, "The file has headings but no pupils. Export the list again.")
