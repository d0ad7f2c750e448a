"""Activities, spells and labels: what counts as NEET, from which day, and what nobody knows."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.fields import national
from roni.outcomes import (
    EET,
    NEET,
    NEITHER,
    POLICY,
    Outcome,
    Spells,
    activities,
    label_outcomes,
    read_activity,
    unread,
)

SEEKING, COLLEGE, NOT_KNOWN, CUSTODY = "619", "230", "810", "710"
DAY = date(2027, 3, 1)
YEAR = (date(2026, 9, 1), date(2027, 8, 31))
Row = tuple[str, str, str | None]  # person, activity, start


def spells(*rows: Row, **days: list[str | None]) -> Spells:
    keys, texts, starts = (list(column) for column in zip(*rows, strict=True))
    given_days = {name: np.array(column, dtype="datetime64[D]") for name, column in {"start": starts, **days}.items()}
    return Spells.of(pa.array(keys, pa.string()), pa.array(texts, pa.string()), **given_days)


def label(found: Spells, outcome: Outcome, key: str = "A") -> int:
    return int(label_outcomes(found, outcome).for_keys(pa.array([key]))[0])


# activities


def test_neet_is_a_list_of_codes_and_not_a_range() -> None:
    neet = {code for code, activity in activities().items() if activity.status == NEET}
    assert neet == {540, 610, 615, 616, 619, 620, 630, 640, 650, 660, 670, 680}
    assert activities()[550].status == EET


@pytest.mark.parametrize("code", [810, 820, 830, 150, 110, 530, 710])
def test_not_known_school_age_re_engagement_and_custody_are_neither(code: int) -> None:
    assert activities()[code].status == NEITHER


def test_what_an_activity_tells_is_a_field() -> None:
    told = {activity.tells for activity in activities().values()} - {None}
    assert told == {"custody", "elective_home_education"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("619", (619, NEET)),
        (" 619.0 ", (619, NEET)),
        ("NEET", (-1, NEET)),
        ("Sixth  form", (-1, EET)),
        ("Apprenticeship", (-1, EET)),
        ("not known", (-1, NEITHER)),
        ("599", None),
        ("moon", None),
    ],
)
def test_an_activity_is_read_as_a_code_or_in_words(text: str, read: tuple[int, int] | None) -> None:
    assert read_activity(text) == read


def test_an_activity_that_cannot_be_read_is_not_known_and_can_be_reported() -> None:
    texts = pa.array(["moon", "619", None])
    assert unread(texts).tolist() == [True, False, False]
    assert Spells.of(pa.array(["A", "B", "C"]), texts).status.tolist() == [NEITHER, NEET, NEITHER]


# one day


@pytest.mark.parametrize(("activity", "expected"), [(SEEKING, 1), (COLLEGE, -1), (NOT_KNOWN, 0), (CUSTODY, 0)])
def test_the_label_on_a_day_is_what_the_activity_counts_as(activity: str, expected: int) -> None:
    assert label(spells(("A", activity, "2026-09-01")), Outcome.neet_on(DAY)) == expected


def test_an_activity_counts_from_its_first_day() -> None:
    begun = spells(("A", SEEKING, "2027-03-01"))
    assert label(begun, Outcome.neet_on(date(2027, 3, 1))) == NEET
    assert label(begun, Outcome.neet_on(date(2027, 2, 28))) == NEITHER


def test_an_activity_counts_to_its_last_day() -> None:
    ended = spells(("A", SEEKING, "2026-09-01"), end=["2027-03-01"])
    assert label(ended, Outcome.neet_on(date(2027, 3, 1))) == NEET
    assert label(ended, Outcome.neet_on(date(2027, 3, 2))) == NEITHER


def test_the_next_activity_ends_the_one_before() -> None:
    moved = spells(("A", COLLEGE, "2027-03-01"), ("A", SEEKING, "2026-09-01"))
    assert label(moved, Outcome.neet_on(date(2027, 2, 28))) == NEET
    assert label(moved, Outcome.neet_on(date(2027, 3, 1))) == EET


def test_a_lapsed_place_in_education_is_not_known_from_the_day_after() -> None:
    place = spells(("A", COLLEGE, "2026-09-01"), lapse=["2027-03-01"])
    assert label(place, Outcome.neet_on(date(2027, 3, 1))) == EET
    assert label(place, Outcome.neet_on(date(2027, 3, 2))) == NEITHER


def test_a_lapsed_neet_spell_goes_on_until_the_person_progresses() -> None:
    lapsed = spells(("A", SEEKING, "2026-09-01"), lapse=["2026-12-31"])
    assert label(lapsed, Outcome.neet_on(DAY)) == NEET
    progressed = lapsed + spells(("A", COLLEGE, "2027-03-01"))
    assert label(progressed, Outcome.neet_on(date(2027, 2, 28))) == NEET
    assert label(progressed, Outcome.neet_on(date(2027, 3, 1))) == EET


def test_a_record_says_nothing_about_days_after_it_was_sent() -> None:
    sent = spells(("A", COLLEGE, "2026-09-01"), as_at=["2027-03-01"])
    assert label(sent, Outcome.neet_on(date(2027, 3, 1))) == EET
    assert label(sent, Outcome.neet_on(date(2027, 3, 2))) == NEITHER


def test_of_two_returns_about_one_spell_the_later_is_believed() -> None:
    early = spells(("A", COLLEGE, "2026-09-01"), as_at=["2026-10-31"])
    late = spells(("A", SEEKING, "2026-09-01"), as_at=["2027-03-31"])
    for both in (early + late, late + early):
        assert label(both, Outcome.neet_on(DAY)) == NEET


def test_an_activity_without_a_start_is_true_all_along() -> None:
    assert label(spells(("A", SEEKING, None)), Outcome.neet_on(DAY)) == NEET


def test_somebody_without_a_record_is_not_known() -> None:
    assert label(spells(("A", SEEKING, None)), Outcome.neet_on(DAY), key="B") == NEITHER


# a window


def test_one_day_of_neet_in_the_window_is_enough() -> None:
    short = spells(("A", COLLEGE, "2026-08-01"), ("A", SEEKING, "2027-08-31"), ("A", COLLEGE, "2027-09-01"))
    assert label(short, Outcome.ever_neet(*YEAR)) == NEET
    later = spells(("A", COLLEGE, "2026-08-01"), ("A", SEEKING, "2027-09-01"))
    assert label(later, Outcome.ever_neet(*YEAR)) == EET


def test_neet_before_the_window_does_not_count() -> None:
    before = spells(("A", SEEKING, "2026-08-01"), ("A", COLLEGE, "2026-09-01"))
    assert label(before, Outcome.ever_neet(*YEAR)) == EET
    on_the_first_day = spells(("A", SEEKING, "2026-08-01"), ("A", COLLEGE, "2026-09-02"))
    assert label(on_the_first_day, Outcome.ever_neet(*YEAR)) == NEET


def test_a_day_that_is_not_known_rules_out_the_label_not_neet() -> None:
    unclear = spells(("A", COLLEGE, "2026-09-01"), ("A", NOT_KNOWN, "2027-01-01"), ("A", COLLEGE, "2027-01-02"))
    assert label(unclear, Outcome.ever_neet(*YEAR)) == NEITHER
    assert label(spells(("A", COLLEGE, "2026-09-02")), Outcome.ever_neet(*YEAR)) == NEITHER
    assert label(spells(("A", COLLEGE, "2026-09-01")), Outcome.ever_neet(*YEAR)) == EET


def test_not_known_for_a_while_does_not_hide_a_neet_spell() -> None:
    both = spells(("A", NOT_KNOWN, "2026-09-01"), ("A", SEEKING, "2027-01-01"))
    assert label(both, Outcome.ever_neet(*YEAR)) == NEET


# four months or more


@pytest.mark.parametrize(
    ("start", "back", "expected"),
    [
        ("2026-10-01", "2027-02-01", NEET),
        ("2026-10-01", "2027-01-31", EET),
        ("2026-10-31", "2027-02-28", NEET),
        ("2026-10-31", "2027-02-27", EET),
    ],
)
def test_four_months_are_calendar_months(start: str, back: str, expected: int) -> None:
    found = spells(("A", COLLEGE, "2026-09-01"), ("A", SEEKING, start), ("A", COLLEGE, back))
    assert label(found, Outcome.persistently_neet(*YEAR)) == expected


def test_a_change_of_neet_activity_is_no_break_and_a_week_at_college_is() -> None:
    changed = spells(("A", SEEKING, "2026-09-01"), ("A", "620", "2026-11-01"), ("A", COLLEGE, "2027-01-01"))
    assert label(changed, Outcome.persistently_neet(*YEAR)) == NEET
    broken = spells(
        ("A", SEEKING, "2026-09-01"), ("A", COLLEGE, "2026-11-01"), ("A", SEEKING, "2026-11-08"),
        ("A", COLLEGE, "2027-01-01"),
    )  # fmt: skip
    assert label(broken, Outcome.persistently_neet(*YEAR)) == EET


def test_only_days_within_the_window_make_the_four_months() -> None:
    early = spells(("A", SEEKING, "2026-06-01"), ("A", COLLEGE, "2026-12-31"))
    assert label(early, Outcome.persistently_neet(*YEAR)) == EET
    assert label(early, Outcome.persistently_neet(date(2026, 8, 31), YEAR[1])) == NEET


def test_days_not_known_matter_only_if_they_could_make_four_months() -> None:
    short = spells(("A", COLLEGE, "2026-09-01"), ("A", NOT_KNOWN, "2027-01-01"), ("A", COLLEGE, "2027-04-30"))
    assert label(short, Outcome.persistently_neet(*YEAR)) == EET
    long = spells(("A", COLLEGE, "2026-09-01"), ("A", NOT_KNOWN, "2027-01-01"), ("A", COLLEGE, "2027-05-01"))
    assert label(long, Outcome.persistently_neet(*YEAR)) == NEITHER


# many people


def test_labels_are_counted_and_carry_the_policy() -> None:
    found = spells(("A", SEEKING, "2026-09-01"), ("B", COLLEGE, "2026-09-01"), ("C", NOT_KNOWN, "2026-09-01"))
    labelled = label_outcomes(found, Outcome.neet_on(DAY))
    assert labelled.counts == {"NEET": 1, "not NEET": 1, "not known": 1}
    assert labelled.policy == POLICY
    assert "never trained" in POLICY


def test_outcomes_say_themselves_in_english() -> None:
    assert Outcome.ever_neet(*YEAR).words == "ever NEET from 2026-09-01 to 2027-08-31"
    assert Outcome.persistently_neet(*YEAR).words.startswith("NEET for 4 months or more")


ROWS = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from([SEEKING, COLLEGE, NOT_KNOWN]), st.integers(-60, 420)),
    min_size=1,
    max_size=8,
    unique_by=lambda row: (row[0], row[2]),
)


def by_day(rows: list[tuple[str, str, int]], key: str) -> list[int]:
    """The plain way: what was so on each day of the year."""
    mine = sorted((start, activities()[int(code)].status) for person, code, start in rows if person == key)
    days = []
    for day in range((YEAR[1] - YEAR[0]).days + 1):
        begun = [status for start, status in mine if start <= day]
        days.append(begun[-1] if begun else NEITHER)
    return days


@given(ROWS, st.randoms(use_true_random=False))
def test_labels_agree_with_looking_at_every_day(rows: list[tuple[str, str, int]], random: object) -> None:
    random.shuffle(rows)  # type: ignore[attr-defined]
    found = spells(*((key, code, str(YEAR[0] + timedelta(start))) for key, code, start in rows))
    for key in {row[0] for row in rows}:
        days = by_day(rows, key)
        ever = NEET if NEET in days else NEITHER if NEITHER in days else EET
        assert label(found, Outcome.ever_neet(*YEAR), key) == ever
        assert label(found, Outcome.neet_on(YEAR[0] + timedelta(100)), key) == days[100]


@given(ROWS)
def test_who_else_is_in_the_file_changes_nobody_s_label(rows: list[tuple[str, str, int]]) -> None:
    mine = [row for row in rows if row[0] == "A"]
    if not mine:
        return
    for outcome in (Outcome.ever_neet(*YEAR), Outcome.persistently_neet(*YEAR)):
        together, alone = (
            label(spells(*((key, code, str(YEAR[0] + timedelta(start))) for key, code, start in some)), outcome)
            for some in (rows, mine)
        )
        assert together == alone


def test_the_fields_that_codes_tell_are_in_the_dictionary() -> None:
    fields = national()
    for activity in activities().values():
        assert activity.tells is None or activity.tells in fields
