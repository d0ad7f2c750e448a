"""A table as it stands in a file: headings and text, before anything is understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.errors import ProblemBlock


@dataclass(frozen=True)
class RawTable:
    """One sheet or file: every cell as text, stripped of spaces at both ends; null is an empty cell.

    `columns[i]` is a pyarrow string Array under `headings[i]` (headings as written; they may repeat or be blank);
    where that was asked for, one of few different cells may be dictionary-encoded.
    `rows[j]` is the number a spreadsheet shows for row j. Blank rows are not rows; totals rows are still here.
    `how` is how the file itself was read (encoding, delimiter, sheet, heading row), for the report.
    """

    file: str
    headings: tuple[str, ...]
    columns: tuple[Any, ...]
    rows: NDArray[np.int64]
    digest: str
    how: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[ProblemBlock, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)
