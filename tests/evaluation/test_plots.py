"""Pictures of an evaluation: every name stands in them whole, and no two lines look alike."""

from __future__ import annotations

import re

from roni.evaluation.plots import BAR_LEFT, LEFT, RIGHT, WIDTH, Line, Whisker, line_chart, whisker_chart

LETTER = 6.5  # more than the mean width of letters of this size
LONG = "our-council-card-2026 with model our-leavers-of-2025-smooth"


def texts(svg: str) -> list[tuple[float, str, str]]:
    """Where each text stands, which end of it, and what it says."""
    found = re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)" font-size="12" [^>]*>([^<]*)<', svg)
    return [(float(x), anchor, words) for x, anchor, words in found]


def ends(svg: str) -> list[float]:
    """Where the texts end, on either side."""
    sides = {"start": (0.0, 1.0), "middle": (-0.5, 0.5), "end": (-1.0, 0.0)}
    return [x + side * LETTER * len(words) for x, anchor, words in texts(svg) for side in sides[anchor]]


def chart(names: list[str], at: float = 5) -> str:
    return line_chart("t", [Line(name, [(0, 0), (10, 1)]) for name in names], "across", "up", (at, "your list: 5"))


def test_a_name_too_long_for_a_line_goes_on_in_the_next() -> None:
    svg = chart(["oxfordshire with model demo", LONG])
    key = "".join(words for x, _, words in texts(svg) if x > RIGHT)
    assert key.replace(" ", "") == f"oxfordshire with model demo {LONG}".replace(" ", "")
    assert max(ends(svg)) <= WIDTH


def test_the_mark_of_the_list_stays_in_the_frame() -> None:
    for at in (0.1, 5, 9.9):
        (place,) = [x for x, _, words in texts(chart(["a"], at)) if words == "your list: 5"]
        assert LEFT <= place <= RIGHT


def test_no_two_lines_have_both_colour_and_dash_in_common() -> None:
    drawn = re.findall(r"<polyline [^>]*fill=\"none\" ([^>]*)/>", chart([str(place) for place in range(12)]))
    assert len(set(drawn)) == len(drawn) == 12


def test_the_name_of_a_row_stands_whole_in_two_lines_and_within_the_picture() -> None:
    svg = whisker_chart("t", [Whisker(LONG, 0.2, 0.1, 0.3, "20 %"), Whisker("red", 0.2, 0.1, 0.3, "about 1 in 5")])
    labels = [words for x, anchor, words in texts(svg) if anchor == "end" and x < BAR_LEFT]
    assert "".join(labels).replace(" ", "") == f"{LONG}red".replace(" ", "")
    assert min(ends(svg)) >= 0
    assert max(ends(svg)) <= WIDTH
