"""What is declared of each field before any pupil is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from roni.fields import national
from roni.training.declared import DIRECTIONS, declared, direction_of, refusal, sensitive, unusable


def test_only_fields_that_exist_are_declared_each_with_a_reason() -> None:
    fields = national()
    for name, row in declared()["learn"].items():
        assert name in fields
        assert row["direction"] in DIRECTIONS, name
        assert row["why"], name
    assert all(name in fields and other in declared()["learn"] for name, other in declared()["instead"].items())


def test_a_protected_characteristic_never_has_a_direction() -> None:
    named = {name for name, item in national().items() if sensitive(item)}
    assert named & set(declared()["learn"])
    assert all(direction_of(national()[name]) == 0 for name in named)


def test_every_field_that_may_be_scored_is_declared_or_said_by_another() -> None:
    fields = {name for name, item in national().items() if not unusable(item)}
    assert fields == (set(declared()["learn"]) | set(declared()["instead"]))


def test_risk_falls_with_attendance_and_rises_with_suspensions() -> None:
    assert direction_of(national()["attendance"]) == -1
    assert direction_of(national()["suspensions"]) == 1


def test_a_part_of_another_field_is_not_learnt_from() -> None:
    assert refusal(national()["absence"]) == "“attendance” says it already"


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("level_of_need", "LoN"),
        ("seen_again", "Next review date"),
        ("since_when", "NEET start date"),
        ("now", "Post-16 status"),
    ],
)
def test_what_is_recorded_after_or_because_of_the_outcome_is_refused(tmp_path: Path, name: str, heading: str) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(
        f'[{name}]\nlabel = "{name.replace("_", " ")}"\ntype = "flag"\ndefinition = "x"\nsource = "x"\nuse = "x"\n'
        f'headings = ["{heading}"]\n',
        "utf-8",
    )
    item = national().with_local(file)[name]
    assert refusal(item).startswith("recorded after the outcome or because of it: ")


def test_a_council_s_own_field_may_be_learnt_from(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text('[island]\nlabel = "island"\ntype = "flag"\ndefinition = "x"\nsource = "x"\nuse = "x"\n', "utf-8")
    item = national().with_local(file)["island"]
    assert (refusal(item), direction_of(item)) == ("", 0)


def test_text_and_what_nobody_may_be_scored_by_are_of_no_use_to_any_model() -> None:
    assert unusable(national()["surname"]) == "it is a text, which no model reads"
    assert unusable(national()["sex"]) == "the data dictionary lets nobody be scored by it"
