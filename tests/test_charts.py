"""A waterfall says in length, sign and words what it says in colour, and harms nothing it stands in."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.charts import LEFT, RIGHT, WIDTH, Line, Step, waterfall

SVG = "{http://www.w3.org/2000/svg}"
STEPS = [Step("attendance 84.2 % (below 85 %)", 2), Step("SEN support", 1)]


def bars(svg: str) -> list[dict[str, str]]:
    return [dict(item.attrib) for item in ElementTree.fromstring(svg).iter(f"{SVG}rect")]


def texts(svg: str) -> list[str]:
    return [item.text or "" for item in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_bar_has_its_signed_figure_beside_it() -> None:
    said = texts(waterfall([*STEPS, Step("home support", -1)], 2, 4, "A pupil"))
    assert [text for text in said if re.fullmatch(r"(up to )?[+−]?\d+", text)] == ["+2", "+1", "−1", "2", "up to +2"]


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    two, one, total = (float(bar["width"]) for bar in bars(waterfall(STEPS, 3, 3, "A pupil")))
    assert two == pytest.approx(2 * one, abs=0.2)
    assert total == pytest.approx(RIGHT - LEFT, abs=0.2)


def test_a_bar_starts_where_the_one_before_ended() -> None:
    first, second, _ = bars(waterfall(STEPS, 3, 3, "A pupil"))
    assert float(second["x"]) == pytest.approx(float(first["x"]) + float(first["width"]), abs=0.2)


def test_what_is_not_known_is_drawn_as_an_outline_only_where_there_is_any() -> None:
    assert [bar["fill"] for bar in bars(waterfall(STEPS, 3, 5, "A pupil"))][-1] == "none"
    assert "none" not in [bar["fill"] for bar in bars(waterfall(STEPS, 3, 3, "A pupil"))]


def test_readers_of_the_screen_get_title_and_sum_in_words() -> None:
    root = ElementTree.fromstring(waterfall(STEPS, 3, 5, "A pupil"))
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "A pupil"
    assert root.findtext(f"{SVG}desc") == (
        "attendance 84.2 % (below 85 %) +2; SEN support +1; points altogether 3; not known, up to +2."
    )


def test_a_pupil_without_points_has_a_chart_too() -> None:
    assert "0" in texts(waterfall([], 0, 0, "A pupil"))


def test_band_lines_are_labelled_on_lines_of_their_own() -> None:
    svg = waterfall(STEPS, 3, 5, "A pupil", lines=[Line("amber from 2", 2), Line("red from 4", 4)])
    notes = [
        item.attrib for item in ElementTree.fromstring(svg).iter(f"{SVG}text") if item.text and "from" in item.text
    ]
    assert len({note["y"] for note in notes}) == 2


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Z")), max_size=200), st.integers(-9, 9))
def test_any_label_is_harmless_and_fits(label: str, amount: int) -> None:
    svg = waterfall([Step(label, amount)], amount, amount, label, lines=[Line(label, amount)])
    root = ElementTree.fromstring(svg)
    assert " style=" not in svg.replace(label, "")
    assert {item.tag.removeprefix(SVG) for item in root.iter()} <= {"svg", "title", "desc", "g", "rect", "text", "line"}
    assert all(len(text) <= 62 for text in texts(svg))
    assert all(0 <= float(bar["x"]) <= WIDTH for bar in bars(svg))


def test_nothing_is_fetched_and_no_markup_gets_through() -> None:
    svg = waterfall([Step('<script>alert("x")</script>', 1)], 1, 1, "<b>&")
    assert "<script" not in svg
    assert "<b>" not in svg
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
