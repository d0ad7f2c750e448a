"""Which support is offered today: both sides of each date and group of the policy."""

from __future__ import annotations

from datetime import date

import pytest

from service.caseload.offers import Facts, offer_for, policy

FEBRUARY, MARCH = date(2027, 2, 28), date(2027, 3, 1)
IN_CARE = frozenset({"looked_after"})


@pytest.mark.parametrize(
    ("facts", "on", "code"),
    [
        (Facts(13, 2026, IN_CARE), FEBRUARY, "coach"),
        (Facts(13, 2026, IN_CARE), MARCH, "minimal"),
        (Facts(13, 2026), FEBRUARY, "signposting"),
        (Facts(13, 2026), MARCH, "minimal"),
        (Facts(13, 2026, responds=True), FEBRUARY, "phone"),
        (Facts(13, 2026, responds=True), MARCH, "phone"),
        (Facts(13, 2026, IN_CARE, responds=True), FEBRUARY, "coach"),
        (Facts(13, 2026, frozenset({"young_carer"})), FEBRUARY, "signposting"),
        (Facts(12, 2026), MARCH, "coach"),
        (Facts(11, 2026), FEBRUARY, "coach"),
        (Facts(10, 2026), FEBRUARY, "early"),
        (Facts(8, 2026), FEBRUARY, None),
        (Facts(None, 2026), FEBRUARY, None),
    ],
)
def test_the_first_offer_that_fits_is_theirs(facts: Facts, on: date, code: str | None) -> None:
    offer = offer_for(facts, on)
    assert (offer and offer["code"]) == code


def test_everybody_moves_up_in_september() -> None:
    twelve = Facts(12, 2026)
    assert offer_for(twelve, date(2027, 8, 31))["code"] == "coach"
    assert offer_for(twelve, date(2027, 9, 1))["code"] == "signposting"
    assert offer_for(twelve, date(2027, 9, 1))["before"] == date(2028, 3, 1)


def test_a_leap_years_february_belongs_to_february() -> None:
    assert offer_for(Facts(13, 2027, IN_CARE), date(2028, 2, 29))["code"] == "coach"


def test_before_the_policy_there_is_no_offer() -> None:
    assert offer_for(Facts(13, 2022), date(2022, 9, 1)) is not None
    assert offer_for(Facts(13, 2021), date(2022, 8, 31)) is None


def test_every_offer_says_why_and_whether_it_was_read_somewhere() -> None:
    assert all(offer["why"] and isinstance(offer["verified"], bool) for offer in policy()["offer"])
