"""The files that invented schools send: repeatable, messy, and read right."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from roni.calendar import Check
from roni.readers.files import read_cohort
from roni.scorecard import load_scorecard
from roni.synthetic.authority import Authority, make_authority
from roni.synthetic.files import write_files

STYLES = ("sims", "arbor", "bromcom", "council", "parquet")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority(seed=8, schools=7, pupils_per_year=40, years=1)


@pytest.fixture(scope="module")
def january(authority: Authority) -> Check:
    return authority.checks()[1]


@pytest.fixture(scope="module")
def files(authority: Authority, january: Check, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_files(authority, january, tmp_path_factory.mktemp("files"))


def truth_of(path: Path) -> Any:
    return json.loads(path.with_name(path.name + ".truth.json").read_text("utf-8"))


def test_the_same_seed_gives_the_same_bytes(
    authority: Authority, january: Check, files: list[Path], tmp_path: Path
) -> None:
    again = write_files(authority, january, tmp_path)
    assert [path.name for path in again] == [path.name for path in files]
    assert all(one.read_bytes() == other.read_bytes() for one, other in zip(files, again, strict=True))
    assert all(truth_of(one) == truth_of(other) for one, other in zip(files, again, strict=True))


def test_every_style_is_written(authority: Authority, files: list[Path]) -> None:
    assert {school.system for school in authority.schools} == set(STYLES)
    assert {path.suffix for path in files} == {".csv", ".xlsx", ".parquet"}


def test_the_sims_file_has_titles_a_totals_row_and_windows_letters(files: list[Path]) -> None:
    text = files[0].read_bytes().decode("cp1252")
    lines = text.split("\r\n")
    assert lines[0].startswith("RONI return")
    assert lines[-2].startswith("Total,")
    with pytest.raises(UnicodeDecodeError, match="utf-8"):
        files[0].read_bytes().decode("utf-8")


def test_the_arbor_file_begins_with_a_byte_order_mark(files: list[Path]) -> None:
    assert files[1].read_bytes().startswith(b"\xef\xbb\xbf")


def test_council_lists_stand_beside(files: list[Path]) -> None:
    assert len(list((files[0].parent / "council").glob("*.csv"))) == 6


def test_the_truth_accounts_for_every_row(files: list[Path]) -> None:
    for path in files:
        truth = truth_of(path)
        assert truth["pupils"] == len(truth["rows"])
        assert Counter(item["code"] for item in truth["not_kept"]) == truth["rows_not_kept"]
        assert set(truth["scores"]) <= {row["key"] for row in truth["rows"]}


@pytest.mark.parametrize("place", range(7))
def test_a_messy_file_is_read_as_a_careful_person_would(files: list[Path], january: Check, place: int) -> None:
    truth = truth_of(files[place])
    cohort = read_cohort([files[place]], check=january)
    card = load_scorecard("oxfordshire")
    result = card.assess(cohort)
    found = {
        int(row): (int(known), int(most), card.bands[band].name, card.bands[band_max].name)
        for row, known, most, band, band_max in zip(
            cohort.row, result.points, result.points_max, result.band, result.band_max, strict=True
        )
    }
    wanted = {row["row"]: (row["points"], row["points_max"], row["band"], row["band_max"]) for row in truth["rows"]}
    assert found == wanted
    assert Counter(item.code for item in cohort.not_kept) == truth["rows_not_kept"]
    problems = {(problem.row, problem.code) for problem in cohort.problems}
    assert {(problem["row"], problem["code"]) for problem in truth["problems"]} <= problems


def test_a_clean_file_has_every_pupil_and_no_problem(authority: Authority, january: Check, tmp_path: Path) -> None:
    for path, school in zip(write_files(authority, january, tmp_path, mess=False), authority.schools, strict=True):
        truth = truth_of(path)
        assert truth["problems"] == [] or {item["code"] for item in truth["problems"]} == {"zero_attendance"}
        assert truth["rows_not_kept"] == {}
        listed = authority.returns(january, school)
        assert set(truth["scores"]) <= set(listed)
