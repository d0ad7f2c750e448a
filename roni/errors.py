"""What can go wrong, in words that a school office can act on.

A **Problem** is something in a file that a person should look at; the pupil stays. A **RoniError** means that the
work could not be done. Neither ever repeats a child's value.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RoniError(Exception):
    """Something could not be done. Its text is one or more sentences for the person who asked."""


class FileRefusedError(RoniError):
    """A file that cannot be read safely or without losing rows. Names the file; `code` is stable."""

    def __init__(self, code: str, file: str, sentence: str) -> None:
        super().__init__(f"{file}: {sentence}")
        self.code = code
        self.file = file


class MappingError(RoniError):
    """A heading was mapped to something that is not a field, or a mapping file cannot be read."""


class DictionaryError(RoniError):
    """A field declaration is wrong: names the file, the field and what is allowed."""


class ScorecardError(RoniError):
    """A scorecard is wrong: names the file, the indicator and what is allowed."""


class ModelError(RoniError):
    """A trained model, or what is to be done with it, is refused: names the model and says why."""


class TrainingError(RoniError):
    """A model cannot be trained on what was given: too few events, a field that may not be learnt from."""


class CalendarError(RoniError):
    """A check, an academic year or a year group that does not exist."""


class PupilNotFoundError(RoniError):
    """No pupil in the cohort has this key."""


# The code -> sentence table. `{column}` is the heading as the school wrote it; other names come from `says`.
# Never a place for a cell's value.
SENTENCES: dict[str, str] = {
    # values
    "unreadable": "“{column}” cannot be read as {expects}. It counts as not known. Correct the cell, or leave it "
    "blank.",
    "impossible": "“{column}” must be {expects}. It counts as not known. Correct the cell.",
    "excel_error": "“{column}” holds a spreadsheet error instead of a value. It counts as not known. "
    "Repair the formula, or paste the value.",
    "under_one_per_cent": "“{column}” is 1 % or less in a column of per cents. It is kept as a per cent. "
    "Check that it is "
    "not a fraction, such as 0.875 for 87.5 %.",
    "no_sessions": "No session was possible, so attendance (from “{column}”) is not known. Correct the possible "
    "sessions, or leave them blank.",
    "zero_attendance": "Attendance (from “{column}”) is 0 %. It is kept. Check that the pupil really "
    "attended no session, "
    "or leave the cell blank if it is not known.",
    "routes_disagree": "“{column}” say different things about {label}. The first that is known is used. Correct the "
    "others.",
    "columns_disagree": "Two columns give different values of {label}. It counts as not known. Correct one, or map "
    "only one.",
    "year_group_unreadable": "“{column}” cannot be read as a year group. The pupil is kept. Write it as 11 or Year 11.",
    # identity
    "upn_missing": "There is no UPN. The pupil is recognised by another identifier. Add the UPN.",
    "upn_malformed": "“{column}” is not a UPN: a UPN is a letter, 11 digits and a digit or letter. "
    "It is kept as written and not used to recognise the pupil. Correct it.",
    "upn_check_letter": "“{column}” has a check letter that does not fit its digits. It is kept as written. "
    "Check it against the admission register.",
    "uln_malformed": "“{column}” is not a ULN: a ULN has 10 digits and a check digit. Correct it.",
    "upn_shared": "Two rows have the same UPN but different names. Both pupils are kept. Correct the UPN.",
    "no_key": "The pupil has no identifier and cannot be matched between checks. Add the UPN.",
    "no_key_column": "No column identifies the pupils, so they cannot be matched between checks. Add a column of UPNs.",
    "merged": "This pupil stands on more than one row (rows {rows}) and “{column}” differs. It counts as not known. "
    "Delete the wrong row.",
    "merged_text": "This pupil stands on more than one row (rows {rows}) and “{column}” differs. The first is shown. "
    "Delete the wrong row.",
    "registrations_differ": "This pupil is on roll in two files and {label} differs. The main school’s value is used.",
    # columns and files
    "heading_unknown": "“{column}” is not a heading we know, so the column is not used. {nearest}",
    "heading_not_there": "“{column}” is mapped to {label}, but no file has that heading. Correct the mapping, or the "
    "heading in the file.",
    "heading_blank": "Column {position} has values but no heading, so it is not used. Give it a heading.",
    "row_ragged": "This row has more cells than there are headings. The extra cells are not used. Check that the row "
    "has not shifted.",
    "column_nested": "“{column}” holds lists or records instead of single values, so the column is not used. "
    "Give it one value a pupil.",
    # supplements
    "not_on_roll": "This row of a council list matches no pupil in the cohort. Check the UPN, or add the pupil to "
    "the roll.",
    "not_one_pupil": "The UPN of this row of a council list stands for more than one pupil in the cohort, so the row "
    "is not joined. Correct the UPNs.",
    "link_proposed": "This row of a council list has the names and birth date of a pupil in the cohort, "
    "and no identifier "
    "that matches. It is not joined. If it is the same pupil, correct the UPN.",
    "supplement_no_key": "This row of a council list has no usable UPN. It could not be matched. Add the UPN.",
    "sources_disagree": "The school and a council list disagree about {label}. Until a person decides, the answer of "
    "more concern counts.",
    # school census extracts
    "attendance_code_unknown": "“{column}” holds no attendance code that we know. The pupil’s attendance counts as not "
    "known. Correct the code.",
    "attendance_count_missing": "“{column}” is blank beside an attendance code. The pupil’s attendance counts as not "
    "known. Fill in the number of sessions.",
    "sessions_exceed_possible": "The sessions by attendance code add up to more than “{column}”. Attendance counts as "
    "not known. Correct the register.",
    "census_totals_differ": "“{column}” differs from the sum of the attendance codes for {count} pupils. The codes are "
    "used: the census totals are known to underestimate absence.",
    "census_row_unmatched": "This row belongs to no pupil of the pupil table, so it is not used. Supply both tables of "
    "the same census.",
    "census_table_unused": "This census table is not used: there is no pupil table of the same census beside it.",
    # client caseload returns and destinations
    "activity_unknown": "“{column}” holds no activity that we know. What the person did counts as not known. Correct "
    "the code.",
    "destination_no_key": "This row has no UPN or ULN by which to find the pupil. It is not used. Add the UPN.",
    # from one check to the next
    "would_fall": "There is no value for {label} now, and the {check} check had one that counts. The earlier value "
    "stays. Say whether it still holds.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to look at: a stable code, where it stands, and the sentence.

    `row` is the number a spreadsheet shows at the left of the row (headings and title lines count), None when the
    problem is about the whole column or file. `column` is the heading as the school wrote it, or "".
    """

    code: str
    file: str
    row: int | None
    column: str
    says: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence, from the table; never a cell's value."""
        return SENTENCES[self.code].format(column=self.column, **self.says)


@dataclass(frozen=True)
class ProblemBlock:
    """Problems alike in all but the row: how a column of a million cells reports ten thousand of them."""

    code: str
    file: str
    column: str
    rows: NDArray[np.int64] | None
    says: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return 1 if self.rows is None else len(self.rows)

    def without(self, rows: NDArray[np.int64]) -> ProblemBlock:
        """The same, but for the problems of these rows."""
        import numpy as np

        return self if self.rows is None else replace(self, rows=self.rows[~np.isin(self.rows, rows)])

    def __iter__(self) -> Iterator[Problem]:
        if self.rows is None:
            yield Problem(self.code, self.file, None, self.column, self.says)
            return
        for row in self.rows.tolist():
            yield Problem(self.code, self.file, row, self.column, self.says)


class Problems(Sequence[Problem]):
    """All problems of a reading, in the order found: a sequence of Problem, held as blocks."""

    def __init__(self, blocks: Iterable[ProblemBlock] = ()) -> None:
        self.blocks = tuple(block for block in blocks if len(block))

    def __len__(self) -> int:
        return sum(len(block) for block in self.blocks)

    def __iter__(self) -> Iterator[Problem]:
        return itertools.chain.from_iterable(self.blocks)

    @overload
    def __getitem__(self, index: int) -> Problem: ...
    @overload
    def __getitem__(self, index: slice) -> list[Problem]: ...
    def __getitem__(self, index: int | slice) -> Problem | list[Problem]:
        return list(self)[index]

    def __add__(self, other: Problems) -> Problems:
        return Problems(self.blocks + other.blocks)

    def counts(self) -> dict[str, int]:
        """How many of each code."""
        totals: dict[str, int] = {}
        for block in self.blocks:
            totals[block.code] = totals.get(block.code, 0) + len(block)
        return totals
