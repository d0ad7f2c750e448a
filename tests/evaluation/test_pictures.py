"""A stored evaluation drawn again from its data."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

from roni import RoniError, draw_evaluation

DEMO: dict[str, Any] = json.loads(
    resources.files("roni").joinpath("models", "demo", "evaluation.json").read_text("utf-8")
)


def test_lists_recall_bands_and_each_reliability_are_drawn_with_their_numbers() -> None:
    pictures = draw_evaluation(DEMO)
    assert list(dict.fromkeys(picture.name for picture in pictures)) == ["lists", "recall", "bands", "reliability"]
    lists, recall, *others = pictures
    bands, reliability = ([one for one in others if one.name == name] for name in ("bands", "reliability"))
    assert [row[0] for row in lists.rows] == [row["ranking"] for row in DEMO["at_capacity"]]
    assert lists.rows[0][1:4] == ("54", "79", "40.6 (32.8 to 48.9)")
    assert sum(len(one.rows) for one in bands) == len(DEMO["bands"])
    assert bands[0].rows[-1][3].startswith("about 1 in ")
    assert recall.headings[0] == "length of the list"
    assert len(recall.headings) == 1 + len(DEMO["rankings"])
    assert len(recall.rows) == len({row["length"] for row in DEMO["curve"]})
    assert [len(one.rows) for one in reliability] == [len(one["bins"]) for one in DEMO["calibrations"]]
    assert all(row[1].startswith("about ") and row[1].endswith(" like this") for row in reliability[0].rows)
    for picture in pictures:
        assert picture.svg.startswith("<svg")
        assert "style=" not in picture.svg
        assert all(len(row) == len(picture.headings) for row in picture.rows)


def test_what_cannot_be_shown_is_not_drawn() -> None:
    nothing = {"value": None, "low": None, "high": None, "events": None, "pupils": None, "why": "too few"}
    less: dict[str, Any] = {
        name: [{**row, figure: nothing} for row in DEMO[name]]
        for name, figure in (("curve", "recall"), ("at_capacity", "recall"), ("bands", "observed"))
    }
    assert len(draw_evaluation({**DEMO, **less, "calibrations": []})) == 0


def test_a_band_of_too_few_pupils_stands_in_the_table_and_not_in_the_picture() -> None:
    few = {"value": None, "low": None, "high": None, "events": None, "pupils": None, "why": "too small to say: fewer"}
    first, *others = DEMO["bands"]
    bands = [{**first, "observed": few, "words": "too small to say"}, *others]
    drawn = next(one for one in draw_evaluation({**DEMO, "bands": bands}) if one.name == "bands")
    assert drawn.rows[0] == (first["band"], f"{first['pupils']:,}", "too small to say", "too small to say")
    assert drawn.svg.count("<circle") == len(drawn.rows) - 1


@pytest.mark.parametrize("data", [{}, {"rankings": 3}, {**DEMO, "curve": [1]}, {**DEMO, "capacity": "x"}])
def test_what_is_no_evaluation_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(RoniError, match="not the figures of an evaluation"):
        draw_evaluation(data)
