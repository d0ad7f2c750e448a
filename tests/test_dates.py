"""Dates as people and spreadsheets write them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.dates import SERIAL_ORIGIN, parse_dates

JULY = date(2011, 7, 17)


@pytest.mark.parametrize(
    "text",
    [
        "17/07/2011", "17/7/11", "17.07.2011", "17-07-2011", "2011-07-17", "2011-07-17 00:00:00",
        "2011-07-17T09:30:00Z",
        "17 Jul 2011", "17-Jul-11", "17th July 2011", "Sunday 17 July 2011", "July 17, 2011", "2011-Jul-17 00:00:00",
        "20110717", "40741", "40741.0",
    ],
)  # fmt: skip
def test_one_day_written_in_many_ways(text: str) -> None:
    assert parse_dates([text]).values == [JULY]


@pytest.mark.parametrize("text", ["02/2011", "2/2011", "Feb 2011", "February 2011", "2011-02", "Feb-11"])
def test_a_month_is_its_first_day_and_says_so(text: str) -> None:
    found = parse_dates([text])
    assert (found.values, found.month_only) == ([date(2011, 2, 1)], [True])


@pytest.mark.parametrize(
    "text", ["31/02/2011", "00/01/2011", "soon", "", "17/07", "123456", "19999", "60001", "17 Foo 2011"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_dates([text]).values == [None]


def test_the_edges_of_spreadsheet_day_numbers() -> None:
    assert parse_dates(["20000", "60000"]).values == [date(1954, 10, 3), date(2064, 4, 8)]


def test_the_day_comes_first_unless_the_column_shows_otherwise() -> None:
    assert parse_dates(["03/04/2011"]).values == [date(2011, 4, 3)]
    american = parse_dates(["03/04/2011", "07/17/2011"])
    assert (american.values, american.order) == ([date(2011, 3, 4), JULY], "us")


def test_a_column_of_both_orders_keeps_the_day_first_and_leaves_the_rest_unread() -> None:
    both = parse_dates(["17/07/2011", "07/17/2011"])
    assert (both.values, both.order) == ([JULY, None], "uk")


def test_a_person_can_say_which_order_it_is() -> None:
    assert parse_dates(["03/04/2011"], "us").values == [date(2011, 3, 4)]


def test_two_digit_years_turn_at_fifty() -> None:
    assert parse_dates(["01/01/49", "01/01/50"]).values == [date(2049, 1, 1), date(1950, 1, 1)]


@given(st.dates(date(1990, 1, 1), date(2049, 12, 31)))
def test_every_day_reads_back_from_every_form(day: date) -> None:
    serial = str((day - SERIAL_ORIGIN).days)
    forms = [day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%d %b %Y}", f"{day:%Y%m%d}", serial, f"{day:%Y-%b-%d} 00:00:00"]
    assert all(found == day for form in forms for found in parse_dates([form], "uk").values)
    assert SERIAL_ORIGIN + timedelta(int(serial)) == day
