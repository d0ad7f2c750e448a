"""The account of a reading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

import roni
from roni.cohort import NOT_KEPT_CODES, Reading
from roni.errors import ProblemBlock, Problems
from roni.tally import NOT_KEPT_WORDS, account, account_in_numbers, is_clean, marked, population
from tests import strategies
from tests.strategies import FILE

TIDY = "UPN,Surname,Year,% Attendance\nY303999926001,Ash,11,90\nM303999926002,Birch,11,95\n"


def cohort_of(text: str, folder: Path) -> roni.Cohort:
    (folder / "cohort.csv").write_text(text, "utf-8")
    return roni.read_cohort(folder / "cohort.csv", "november", "2026/27")


def test_every_reason_for_not_keeping_a_row_has_words() -> None:
    assert set(NOT_KEPT_WORDS) == set(NOT_KEPT_CODES)


def test_rows_are_pupils_and_rows_not_kept(tmp_path: Path) -> None:
    told = account(cohort_of(TIDY + "M303999926002,Birch,11,95\n", tmp_path))
    assert told["rows"] == told["pupils"] + len(told["not_kept"]) == 3
    assert told["not_kept"] == [{"file": "cohort.csv", "row": 4, "code": "duplicate"}]


def test_the_numbers_are_those_of_the_account(tmp_path: Path) -> None:
    cohort = cohort_of(TIDY.replace("95", "x") + "M303999926002,Birch,11,x\n", tmp_path)
    numbers, told = account_in_numbers(cohort), account(cohort)
    assert numbers["not_kept"] == {"duplicate": 1}
    assert sum(numbers["problems"].values()) == len(told["problems"])


def test_a_reading_is_clean_only_without_rows_lost_and_without_problems(tmp_path: Path) -> None:
    assert is_clean(cohort_of(TIDY, tmp_path))
    assert not is_clean(cohort_of(TIDY.replace("95", "x"), tmp_path))
    assert not is_clean(cohort_of(TIDY + "M303999926002,Birch,11,95\n", tmp_path))


def test_rows_with_a_problem_are_found_by_code_and_label_in_any_subset() -> None:
    blocks = [
        ProblemBlock("sources_disagree", FILE, "Carer", np.array([3, 4]), {"label": "young carer"}),
        ProblemBlock("sources_disagree", "a council list.csv", "Carer", np.array([2]), {"label": "young carer"}),
        ProblemBlock("sources_disagree", FILE, "Care", None, {"label": "looked after"}),
    ]
    cohort = replace(strategies.cohort_of({"fsm": [True] * 3}), problems=Problems(blocks))
    assert marked(cohort, "sources_disagree").tolist() == [False, True, True]
    assert marked(cohort.take(np.array([2, 0])), "sources_disagree", "young carer").tolist() == [True, False]
    assert not marked(cohort, "sources_disagree", "looked after").any()
    assert not marked(cohort, "merged").any()


def test_a_list_says_whether_it_is_about_a_school_s_roll_or_a_council_s_residents() -> None:
    files, one = (FILE, "return.xml"), np.array([0, 1])
    both = strategies.cohort_of(
        {"fsm": [True, True]},
        files=files,
        file_index=one,
        readings=[Reading("return.xml", "", None, "NCCIS XML", "file")],
    )
    school, council = "educated at the schools of these files", "resident in the area of the council"
    assert population(replace(both, files=files[:1])).startswith(f"Pupils {school}")
    assert population(replace(both, files=files[1:])).startswith(f"Pupils {council}")
    assert [text in population(both) for text in (school, " or ", council)] == [True] * 3
