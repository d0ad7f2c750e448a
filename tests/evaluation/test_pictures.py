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


def test_recall_and_each_reliability_are_drawn_with_their_numbers() -> None:
    recall, *reliability = draw_evaluation(DEMO)
    assert recall.headings[0] == "length of the list"
    assert len(recall.headings) == 1 + len(DEMO["rankings"])
    assert len(recall.rows) == len({row["length"] for row in DEMO["curve"]})
    assert [len(one.rows) for one in reliability] == [len(one["bins"]) for one in DEMO["calibrations"]]
    for picture in (recall, *reliability):
        assert picture.svg.startswith("<svg")
        assert "style=" not in picture.svg
        assert all(len(row) == len(picture.headings) for row in picture.rows)


def test_what_cannot_be_shown_is_not_drawn() -> None:
    nothing = {"value": None, "low": None, "high": None, "events": None, "pupils": None, "why": "too few"}
    curve = [{**row, "recall": nothing} for row in DEMO["curve"]]
    assert len(draw_evaluation({**DEMO, "curve": curve, "calibrations": []})) == 0


@pytest.mark.parametrize("data", [{}, {"rankings": 3}, {**DEMO, "curve": [1]}, {**DEMO, "capacity": "x"}])
def test_what_is_no_evaluation_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(RoniError, match="not the figures of an evaluation"):
        draw_evaluation(data)
