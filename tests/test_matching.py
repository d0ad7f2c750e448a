"""The same pupil from check to check, whatever happened to the UPN; never by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from roni.calendar import get_check
from roni.cohort import Cohort
from roni.matching import can_be_matched, match_pupils
from roni.readers.files import read_cohort

PERMANENT, OTHER, TEMPORARY = "H801200001001", "B801200005001", "X00180001701A"
ULN = "1000000043"
HEAD = "UPN,Former UPN,ULN,Surname,Forename"


def cohort(folder: Path, name: str, *lines: str) -> Cohort:
    (folder / f"{name}.csv").write_text("\n".join([HEAD, *lines]) + "\n", "utf-8")
    return read_cohort(folder / f"{name}.csv", get_check(name, "2026/27"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{PERMANENT},,,A,Ann", f"{PERMANENT},,,Other,Name"),
        (f"{TEMPORARY},,,A,Ann", f"{PERMANENT},{TEMPORARY},,A,Ann"),
        (f"{PERMANENT},,,A,Ann", f"{TEMPORARY},{PERMANENT},,A,Ann"),
        (f"{PERMANENT},,{ULN},A,Ann", f"{OTHER},,{ULN},A,Ann"),
        (f",,{ULN},A,Ann", f"{PERMANENT},,{ULN},A,Ann"),
        (f"{TEMPORARY},{OTHER},,A,Ann", f"{OTHER},,,A,Ann"),
    ],
)
def test_a_changed_upn_is_the_same_pupil(tmp_path: Path, before: str, after: str) -> None:
    stranger = "Z330418811002,,,Z,Zoe"
    november = cohort(tmp_path, "november", stranger, before)
    january = cohort(tmp_path, "january", after, "N330418811003,,,New,Nia")
    assert match_pupils(january, november).tolist() == [1, -1]
    assert match_pupils(november, january).tolist() == [-1, 0]


@pytest.mark.parametrize("before", [",,,A,Ann", "pending,,,A,Ann", f"{OTHER},,,A,Ann"])
def test_a_name_or_a_badly_formed_number_never_makes_a_match(tmp_path: Path, before: str) -> None:
    november = cohort(tmp_path, "november", before)
    january = cohort(tmp_path, "january", f"{PERMANENT},pending,,A,Ann")
    assert match_pupils(january, november).tolist() == [-1]


def test_no_two_pupils_are_matched_to_one(tmp_path: Path) -> None:
    november = cohort(tmp_path, "november", f"{PERMANENT},,,A,Ann")
    january = cohort(tmp_path, "january", f"{PERMANENT},,,A,Ann", f"{OTHER},{PERMANENT},,B,Bea")
    assert sorted(match_pupils(january, november).tolist()) == [-1, 0]


def test_a_file_and_row_are_nobody_s_identifier(tmp_path: Path) -> None:
    """The same name of a file in November and January, its rows in another order."""
    files = [tmp_path / check / "roll.csv" for check in ("november", "january")]
    for file, lines in zip(files, (("A,Ann", "B,Bea"), ("B,Bea", "A,Ann")), strict=True):
        file.parent.mkdir()
        file.write_text("\n".join(["Surname,Forename", *lines]) + "\n", "utf-8")
    november, january = (read_cohort(file, get_check(file.parent.name, "2026/27")) for file in files)
    assert list(november) == list(january)
    assert match_pupils(january, november).tolist() == [-1, -1]
    assert can_be_matched(january).tolist() == [False, False]


def test_a_pupil_without_an_identifier_does_not_stop_the_others_from_being_matched(tmp_path: Path) -> None:
    november = cohort(tmp_path, "november", ",,,Z,Zoe", f"{PERMANENT},,,A,Ann", f"{TEMPORARY},,,B,Bea")
    january = cohort(tmp_path, "january", f"{OTHER},{TEMPORARY},,B,Bea", ",,,Z,Zoe", f"{PERMANENT},,,A,Ann")
    assert match_pupils(january, november).tolist() == [2, -1, 1]


def test_a_upn_that_two_pupils_share_is_nobody_s(tmp_path: Path) -> None:
    head, ann, bea = "UPN,Surname,Forename,Date of birth", "A,Ann,01/02/2011", "B,Bea,07/05/2011"
    cohorts = []
    for check, lines in (("november", (ann, bea)), ("january", (bea, ann))):
        file = tmp_path / f"{check}.csv"
        file.write_text("\n".join([head, *(f"{PERMANENT},{line}" for line in lines)]) + "\n", "utf-8")
        cohorts.append(read_cohort(file, get_check(check, "2026/27")))
    november, january = cohorts
    assert match_pupils(january, november).tolist() == [-1, -1]
    assert can_be_matched(january.take(np.array([0]))).tolist() == [False]
