"""Names that other programs use: each is what it says, whatever of roni was imported before."""

from __future__ import annotations

import importlib
import inspect

import roni
from tests.strategies import cohort_of


def test_no_public_function_has_the_name_of_a_module_that_could_take_its_place() -> None:
    names = [name for name, home in roni._HOME.items() if home.split(".")[0] == name]
    assert names == []
    for home in set(roni._HOME.values()):
        importlib.import_module(f"roni.{home}")
    assert [name for name in roni.__all__ if inspect.ismodule(getattr(roni, name))] == []


def test_who_has_left_and_who_has_died_can_be_asked_of_a_cohort() -> None:
    cohort = cohort_of({"leaving_destination": ["college", "died", None]})
    assert roni.left(cohort).tolist() == [True, True, False]
    assert roni.died(cohort).tolist() == [False, True, False]
    assert roni.account(cohort)["pupils"] == 3
    assert roni.population(cohort).startswith("Pupils educated at")
    assert roni.match_pupils(cohort, cohort).tolist() == [0, 1, 2]
    assert all(isinstance(sentence, str) for sentence in roni.LIMITS)
