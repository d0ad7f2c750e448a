"""How long what is kept: dated data, in `retention.toml` or a council's own file of the same form."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

from roni import RoniError


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of thing: how many days after what it is deleted, and why so."""

    name: str
    what: str
    after: str
    days: int
    source: str
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force since a day."""

    version: str
    since: date
    rules: tuple[Rule, ...]


@lru_cache(maxsize=1)
def shipped_policy() -> Policy:
    """The policy that comes with the service."""
    return parse_policy(resources.files("service.reports").joinpath("retention.toml").read_text("utf-8"))


def parse_policy(text: str) -> Policy:
    """A policy from TOML. Raises RoniError naming what is wrong."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
        rules = tuple(Rule(**rule) for rule in data["rule"])
        policy = Policy(str(data["version"]), data["since"], rules)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise RoniError("This is no retention policy: a rule has name, what, after, days and source.") from error
    for rule in rules:
        if type(rule.days) is not int or rule.days < 1:
            raise RoniError(f"“{rule.name}” needs a whole number of days, at least 1.")
    if len({rule.name for rule in rules}) != len(rules):
        raise RoniError("A retention policy has one rule of each name.")
    return policy
