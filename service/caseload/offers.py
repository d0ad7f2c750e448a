"""Which support is offered to a young person today, and why: a dated policy, as data (`offers.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

from roni import AcademicYear

ANSWERED = frozenset({"reached", "asked_for_support"})  # outcomes of a contact that say the young person responds


@dataclass(frozen=True, slots=True)
class Facts:
    """What the policy looks at: the year group, and in which academic year; groups; whether the person responds."""

    year_group: int | None
    year: int
    groups: frozenset[str] = frozenset()
    responds: bool = False

    def year_group_on(self, day: date) -> int | None:
        """The year group on a day: everybody moves up in September."""
        if self.year_group is None:
            return None
        return self.year_group + AcademicYear.containing(day).start - self.year


def facts_of(row: Any, check: Any, last_contact: Mapping[str, Any] | None) -> Facts:
    """From a row of a register as the caller's view has it: a group that the caller may not see counts for nothing."""
    responds = last_contact is not None and last_contact["outcome"] in ANSWERED
    return Facts(row.year_group, check.year, frozenset(row.indicators.split()), responds)


def offer_for(facts: Facts, on: date) -> dict[str, Any] | None:
    """The first offer of the policy that fits, why, and until when; None where none does.

    >>> offer_for(Facts(13, 2026, frozenset({"ehcp"})), date(2027, 2, 28))["code"]
    'coach'
    >>> offer_for(Facts(13, 2026, frozenset({"ehcp"})), date(2027, 3, 1))["code"]
    'minimal'
    """
    rules = policy()
    if on < rules["since"]:
        return None
    for offer in rules["offer"]:
        ends = _ends(offer, on)
        if _fits(offer, facts, on) and (ends is None or on < ends):
            names = ("code", "label", "why", "verified")
            return {name: offer[name] for name in names} | {"before": ends, "source": rules["source"]}
    return None


@lru_cache(maxsize=1)
def policy() -> Mapping[str, Any]:
    """The policy as it is shipped."""
    return tomllib.loads(resources.files("service.caseload").joinpath("offers.toml").read_text("utf-8"))


def _fits(offer: Mapping[str, Any], facts: Facts, on: date) -> bool:
    return (
        facts.year_group_on(on) in offer["years"]
        and ("groups" not in offer or bool(facts.groups.intersection(offer["groups"])))
        and (facts.responds or not offer.get("responds", False))
    )


def _ends(offer: Mapping[str, Any], on: date) -> date | None:
    """The first day of this academic year on which an offer no longer holds."""
    if "before" not in offer:
        return None
    month, day = map(int, offer["before"].split("-"))
    year = AcademicYear.containing(on).start
    return date(year + (month < 9), month, day)
