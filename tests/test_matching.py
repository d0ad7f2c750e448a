"""The same pupil from check to check, whatever happened to the UPN; never by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from roni.calendar import get_check
from roni.cohort import Cohort
from roni.matching import places_of
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
    assert places_of(january, november).tolist() == [1, -1]
    assert places_of(november, january).tolist() == [-1, 0]


@pytest.mark.parametrize("before", [",,,A,Ann", "pending,,,A,Ann", f"{OTHER},,,A,Ann"])
def test_a_name_or_a_badly_formed_number_never_makes_a_match(tmp_path: Path, before: str) -> None:
    november = cohort(tmp_path, "november", before)
    january = cohort(tmp_path, "january", f"{PERMANENT},pending,,A,Ann")
    assert places_of(january, november).tolist() == [-1]


def test_no_two_pupils_are_matched_to_one(tmp_path: Path) -> None:
    november = cohort(tmp_path, "november", f"{PERMANENT},,,A,Ann")
    january = cohort(tmp_path, "january", f"{PERMANENT},,,A,Ann", f"{OTHER},{PERMANENT},,B,Bea")
    assert sorted(places_of(january, november).tolist()) == [-1, 0]
