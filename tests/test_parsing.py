"""Cells become values, or not known and a problem; a blank is never a zero unless the column says so."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.fields import national
from roni.parsing import Distinct, Parsed, parse, says_yes_or_no

FIELDS = national()


def read(name: str, *cells: str | None, **choices: str) -> Parsed:
    return parse(pa.array(cells, pa.string()), FIELDS[name], choices)


def problems(parsed: Parsed) -> dict[str, list[int]]:
    return {code: cells.tolist() for code, cells in parsed.problems.items()}


# per cents


@pytest.mark.parametrize("cell", ["87.5%", "87.5 %", "87.5", " 87.5 per cent ", "87,5", "87.50"])
def test_a_per_cent_in_many_forms(cell: str) -> None:
    assert read("attendance", cell, "90").values[0] == 87.5


def test_an_apostrophe_left_behind_by_excel_is_no_part_of_a_cell() -> None:
    assert read("attendance", "'87.5", "90").values.tolist() == [87.5, 90]
    assert read("fsm", "'Y", "N").values.tolist() == [1, -1]


def test_bare_numbers_none_above_one_are_fractions() -> None:
    parsed = read("attendance", "0.875", "1", "0", ".57", "96.5%")
    assert parsed.values.tolist() == [87.5, 100.0, 0.0, 57.0, 96.5]
    assert parsed.choices["scale"] == "fraction"
    assert "fractions of 1" in parsed.reading


def test_a_fraction_among_per_cents_is_read_like_its_neighbours_and_queried() -> None:
    parsed = read("attendance", "0.875", "87.5", "0", "1", "1.1")
    assert parsed.values.tolist() == [0.875, 87.5, 0.0, 1.0, 1.1]
    assert problems(parsed) == {"under_one_per_cent": [0, 3]}


def test_a_small_absence_is_nothing_odd() -> None:
    parsed = read("absence", "0.4", "12.5")
    assert parsed.values.tolist() == [0.4, 12.5]
    assert problems(parsed) == {}


def test_a_person_can_say_the_scale() -> None:
    assert read("attendance", "0.875", "87.5", scale="percent").values.tolist() == [0.875, 87.5]
    assert read("attendance", "0.5", scale="percent").values.tolist() == [0.5]


def test_a_column_of_noughts_is_no_column_of_fractions() -> None:
    assert read("attendance", "0", "0").choices["scale"] == "percent"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("100.1", "impossible"),
        ("-1", "impossible"),
        ("<50", "unreadable"),
        ("N/A", "unreadable"),
        ("new starter", "unreadable"),
        ("#VALUE!", "excel_error"),
        ("#N/A", "excel_error"),
        ("#DIV/0!", "excel_error"),
    ],
)
def test_what_is_no_per_cent_is_not_known_and_a_problem(cell: str, code: str) -> None:
    parsed = read("attendance", "90", cell)
    assert math.isnan(parsed.values[1])
    assert problems(parsed) == {code: [1]}


def test_both_ends_of_the_range_are_possible() -> None:
    assert problems(read("attendance", "0", "100", "100.0%")) == {}


@pytest.mark.parametrize("cell", [None, "", "-", "not known", "N/K", "?"])
def test_a_blank_attendance_is_not_known_and_no_problem(cell: str | None) -> None:
    parsed = read("attendance", cell, "90")
    assert math.isnan(parsed.values[0])
    assert problems(parsed) == {}


@given(st.lists(st.integers(11, 1000), min_size=1, max_size=30))
def test_per_cents_and_fractions_of_the_same_figures_read_the_same(tenths: list[int]) -> None:
    per_cents = read("attendance", *(f"{tenth / 10}" for tenth in tenths), scale="percent")
    fractions = read("attendance", *(f"{tenth / 1000}" for tenth in tenths), scale="fraction")
    assert per_cents.values.tolist() == fractions.values.tolist()


# flags, codes, counts and their blanks


@pytest.mark.parametrize("cell", ["Y", "yes", "T", "TRUE", "1", "x", "✓", "✔", " Yes. ", "Y - Yes", "1.0"])
def test_a_yes_in_many_forms(cell: str) -> None:
    assert read("young_carer", cell, "N").values.tolist() == [1, -1]


@pytest.mark.parametrize("cell", ["N", "no", "F", "FALSE", "0", "✗", "✘"])
def test_a_no_in_many_forms(cell: str) -> None:
    assert read("young_carer", cell, "Y").values.tolist() == [-1, 1]


def test_a_column_that_states_only_yes_reads_blank_as_no() -> None:
    parsed = read("looked_after", "T", None, "")
    assert parsed.values.tolist() == [1, -1, -1]
    assert parsed.choices["blank"] == "no"
    assert "2 blank, read as no" in parsed.reading


def test_a_column_that_states_both_reads_blank_as_not_known() -> None:
    parsed = read("looked_after", "Yes", "No", None)
    assert parsed.values.tolist() == [1, -1, 0]
    assert parsed.choices["blank"] == "not known"


def test_a_column_that_states_only_no_reads_blank_as_not_known() -> None:
    assert read("looked_after", "No", None).values.tolist() == [-1, 0]


def test_a_column_with_no_value_is_empty_and_not_known_for_everyone() -> None:
    parsed = read("looked_after", None, "", "-")
    assert parsed.values.tolist() == [0, 0, 0]
    assert parsed.state == "empty"


def test_a_person_can_say_what_a_blank_means() -> None:
    assert read("looked_after", "T", None, blank="not known").values.tolist() == [1, 0]
    assert read("looked_after", "T", "F", None, blank="no").values.tolist() == [1, -1, -1]


def test_an_unreadable_cell_is_no_negative_and_no_blank() -> None:
    parsed = read("looked_after", "T", "maybe", None)
    assert parsed.values.tolist() == [1, 0, -1]
    assert problems(parsed) == {"unreadable": [1]}


def test_suspensions_that_are_only_positive_read_blank_as_none() -> None:
    assert read("suspensions", "2", None).values.tolist() == [2, 0]
    assert read("suspensions", "2", "0", None).values.tolist() == [2, 0, -1]


@pytest.mark.parametrize(
    ("cells", "flag"),
    [
        (["Y", "N", "N"], True),
        (["✓", "✗", "#REF!", "see note"], True),  # a cell that cannot be read does not turn the column
        (["Y", None, None], True),
        (["1", "0", "x"], True),
        (["No", "No", "No", "2"], False),  # “No” for none is a count like any other
        (["0", "1", "2", "3", "Y"], False),
        (["0", "1"], False),
        ([None], False),
    ],
)
def test_a_column_of_counts_that_holds_yes_and_no_is_recognised(cells: list[str | None], flag: bool) -> None:
    assert says_yes_or_no(pa.array(cells, pa.string()), FIELDS["suspensions"]) is flag


@pytest.mark.parametrize(("cell", "code"), [("2.5", "unreadable"), ("two", "unreadable"), ("-1", "impossible")])
def test_what_is_no_count_is_not_known_and_a_problem(cell: str, code: str) -> None:
    parsed = read("suspensions", "0", cell)
    assert parsed.values.tolist() == [0, -1]
    assert problems(parsed) == {code: [1]}


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("K", "K"), ("k - sen support", "K"), ("SEN Support", "K"), ("A", "K"), ("P", "K"),
        ("E", "E"), ("EHCP", "E"), ("E - Education, Health and Care Plan", "E"), ("S", "E"), ("Statement", "E"),
        ("N", "N"), ("No SEN", "N"), ("No Special Educational Need", "N"),
    ],
)  # fmt: skip
def test_sen_provision_as_schools_write_it(cell: str, code: str) -> None:
    item = FIELDS["sen_provision"]
    assert list(item.codes)[read("sen_provision", cell, "N", "K").values[0]] == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("K SEN Support", "K"), ("E-EHCP", "E"), ("Education, Health and Care Plan - E", "E"), ("K=SEN support", "K"),
        ("N (No SEN)", "N"), ("E SEN support", None), ("Ceased - EHCP", None), ("Sibling: EHCP", None),
    ],
)  # fmt: skip
def test_code_and_wording_may_stand_together_but_not_against_each_other(cell: str, code: str | None) -> None:
    parsed = read("sen_provision", cell, "N", "K", "E")
    assert (code is None) == (parsed.values[0] == -1) == ("unreadable" in parsed.problems)
    assert code is None or list(FIELDS["sen_provision"].codes)[parsed.values[0]] == code


@pytest.mark.parametrize(
    ("name", "cell", "answer"),
    [
        ("young_carer", "Young Carer", 1),
        ("young_carer", "Not a young carer", -1),
        ("youth_justice", "Open to YOT", 1),
        ("youth_justice", "Not known to YOT", -1),
        ("youth_justice", "Not known", 0),
        ("alternative_provision", "Not in AP", -1),
        ("fsm", "Free School Meals", 1),
        ("fsm", "No longer eligible", -1),
        ("fsm", "Yes, from 12/09/2026", 1),
        ("looked_after", "Was in care: foster care", 0),
    ],
)
def test_a_flag_may_name_what_it_says_or_deny_it(name: str, cell: str, answer: int) -> None:
    assert read(name, cell, "Y", "N").values[0] == answer


@pytest.mark.parametrize("cell", ["12/10/2026", "2026-10-12", "12 Oct 2026", "46307"])
def test_the_day_of_a_permanent_exclusion_says_that_it_happened(cell: str) -> None:
    assert read("permanently_excluded", cell, None).values.tolist() == [1, -1]
    assert "unreadable" in read("young_carer", cell, "N").problems


def test_sen_that_states_only_need_reads_blank_as_none() -> None:
    codes = list(FIELDS["sen_provision"].codes)
    assert [codes[place] for place in read("sen_provision", "K", "E", None).values] == ["K", "E", "N"]
    assert read("sen_provision", "K", "N", None).values[2] == -1


def test_previously_looked_after_is_not_looked_after_now() -> None:
    parsed = read("looked_after", "LAC", "PLAC", "No")
    assert parsed.values[0] == 1
    assert parsed.values[1] != 1
    assert parsed.also["previously_looked_after"].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("cell", "year"),
    [
        ("11", 11),
        ("Year 11", 11),
        ("Y11", 11),
        ("Yr 11 ", 11),
        ("yr11", 11),
        ("11.0", 11),
        ("NC Year 9", 9),
        ("R", 0),
        ("N2", 0),
    ],
)
def test_year_groups_in_many_forms(cell: str, year: int) -> None:
    assert read("year_group", cell).values.tolist() == [year]


@pytest.mark.parametrize("cell", ["11A", "eleven", "Y"])
def test_a_year_group_that_cannot_be_read_is_not_known(cell: str) -> None:
    parsed = read("year_group", cell)
    assert parsed.values.tolist() == [-1]
    assert problems(parsed) == {"unreadable": [0]}


# text


def test_names_that_look_like_something_else_stay_names() -> None:
    parsed = read("surname", "Null", "Na", "True", "N/A", "O'Neill")
    assert parsed.values.to_pylist() == ["Null", "Na", "True", "N/A", "O'Neill"]


def test_a_spreadsheet_error_is_no_name() -> None:
    parsed = read("surname", "#REF!", "Example")
    assert parsed.values.to_pylist() == [None, "Example"]
    assert problems(parsed) == {"excel_error": [0]}


@given(st.sampled_from(sorted(FIELDS)), st.lists(st.none() | st.text(max_size=12), max_size=20))
def test_any_text_in_any_column_gives_one_value_a_cell_and_never_fails(name: str, cells: list[str | None]) -> None:
    parsed = read(name, *cells)
    assert len(parsed.values) == len(cells)
    for places in parsed.problems.values():
        assert np.all((places >= 0) & (places < len(cells)))


@given(st.data())
def test_a_readings_choices_make_the_same_reading_again(data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.sampled_from(["Y", "N", None, "maybe", "not known"]), min_size=1, max_size=12))
    first = read("young_carer", *cells)
    blank = first.choices.get("blank")
    again = read("young_carer", *cells, **({"blank": blank} if blank else {}))
    assert again.values.tolist() == first.values.tolist()


@given(st.lists(st.none() | st.sampled_from(["Y", "'Y", "", " y"]) | st.text(max_size=3), max_size=40))
def test_a_short_column_has_the_same_distinct_texts_as_one_that_came_encoded(cells: list[str | None]) -> None:
    column = pa.array(cells, pa.string())
    short, encoded = Distinct.of(column), Distinct.of(column.dictionary_encode())
    assert short.texts == encoded.texts
    assert short.places.tolist() == encoded.places.tolist()
    assert short.counts.tolist() == encoded.counts.tolist()
