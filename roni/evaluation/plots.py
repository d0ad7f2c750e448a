"""Pictures of an evaluation as SVG text: no scripts, no style attributes; lines differ by dash and name, not by colour
alone. The numbers stand in a table beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

import numpy as np

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 60, 520, 16, 310  # the frame of a line chart; names of lines stand to its right
LABEL_GAP = 16  # least distance between the names of two lines
NAME_LETTERS = 24  # of a line of text in the key; a longer name goes on in the next
INK, GRID = "#0b0c0c", "#b1b4b6"
COLOURS = ("#1d70b8", "#d4351c", "#00703c", "#4c2c92", "#b58840", "#505a5f")
DASHES = ("", "8 3", "2 3", "10 3 2 3", "5 5", "1 5")
ROW, DOT = 30, 4
LABEL_LETTERS, LABEL_LINES = 36, 2
ROUND_STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # where an axis may end, in units of a power of ten
BAR_LEFT, BAR_RIGHT = 250, 560


@dataclass(frozen=True, slots=True)
class Line:
    """A named line through points, x rising."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Whisker:
    """A value with its interval, and the words that stand beside it."""

    label: str
    value: float
    low: float
    high: float
    words: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """From values to places, both axes from 0."""

    most_x: float
    most_y: float

    def x(self, value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * value / self.most_x, 1)

    def y(self, value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * value / self.most_y, 1)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in points)


def line_chart(title: str, lines: Sequence[Line], across: str, up: str, at: tuple[float, str] | None = None) -> str:
    """Lines over one frame, shares (0 to 1) upwards; `at` marks a place across, with its name."""
    frame = _Frame(_round_up(max(x for line in lines for x, _ in line.points)), 1.0)
    body = [_grid(frame, across, up)]
    if at is not None:
        x = frame.x(at[0])
        body.append(f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{BOTTOM}" stroke="{INK}" stroke-dasharray="3 3"/>')
        beyond = x > (LEFT + RIGHT) / 2  # then its name stands to the left
        body.append(_text(x - 4 if beyond else x + 4, BOTTOM - 6, at[1], "end" if beyond else "start"))
    for place, line in enumerate(lines):
        body.append(f'<polyline points="{frame.path(line.points)}" fill="none" {_style(place)}/>')
    body += _key(lines)
    return _svg(HEIGHT, title, body)


def _key(lines: Sequence[Line]) -> list[str]:
    """Which line is which: a piece of it and its name, from the highest line down."""
    mean = {line.name: sum(y for _, y in line.points) / len(line.points) for line in lines}
    found, y, x = [], TOP + 10, RIGHT + 8
    for place, line in sorted(enumerate(lines), key=lambda item: -mean[item[1].name]):
        found.append(f'<line x1="{x}" y1="{y}" x2="{x + 28}" y2="{y}" {_style(place)}/>')
        for words in wrap(line.name, NAME_LETTERS):
            found.append(_text(x + 33, y + 4, words))
            y += LABEL_GAP
    return found


def _style(place: int) -> str:
    """Colour and dash of a line by its place: no two of the first 36 have both in common."""
    turn, colour = divmod(place, len(COLOURS))
    dash = DASHES[(colour + turn) % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="{COLOURS[colour]}" stroke-width="2"{dashed}'


def reliability_chart(title: str, points: Sequence[tuple[float, float, float, float]]) -> str:
    """Points of (said, observed, low, high), with the diagonal on which said and observed agree."""
    most = _round_up(max(max(said, high) for said, _, _, high in points))
    frame = _Frame(most, most)
    body = [_grid(frame, "probability that the model said", "share that became NEET")]
    body.append(f'<polyline points="{frame.path([(0, 0), (most, most)])}" stroke="{INK}" stroke-dasharray="4 4"/>')
    body.append(_text(RIGHT + 8, TOP + 14, "dashed: said and observed agree"))
    body.append(_text(RIGHT + 8, TOP + 14 + LABEL_GAP, "bars: 95 % intervals"))
    for said, observed, low, high in points:
        x = frame.x(said)
        body.append(
            f'<line x1="{x}" y1="{frame.y(low)}" x2="{x}" y2="{frame.y(min(high, most))}" stroke="{COLOURS[0]}" '
            f'stroke-width="2"/><circle cx="{x}" cy="{frame.y(observed)}" r="{DOT}" fill="{COLOURS[0]}"/>'
        )
    return _svg(HEIGHT, title, body)


def whisker_chart(title: str, rows: Sequence[Whisker], most: float | None = None) -> str:
    """A row for each value: a dot, its interval, and the words; from 0 to `most` or the highest interval's end."""
    limit = most or _round_up(max(row.high for row in rows))
    bottom = TOP + ROW * len(rows)
    body = []
    for part in (0.0, 0.5, 1.0):
        x = _across(part)
        body.append(f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{bottom}" stroke="{GRID}"/>')
        body.append(_text(x, bottom + 16, _percent(part * limit), "middle"))
    for place, row in enumerate(rows):
        y = TOP + ROW * place + ROW / 2
        low, value, high = (_across(min(end / limit, 1.0)) for end in (row.low, row.value, row.high))
        body.append(
            f'{_label(row.label, y)}<line x1="{low}" y1="{y}" x2="{high}" y2="{y}" '
            f'stroke="{COLOURS[0]}" stroke-width="3"/><circle cx="{value}" cy="{y}" r="{DOT + 1}" '
            f'fill="{COLOURS[0]}"/>{_text(BAR_RIGHT + 10, y + 4, row.words)}'
        )
    return _svg(bottom + 24, title, body)


def _round_up(most: float) -> float:
    """A round end for an axis of five steps, at or above the highest value.

    >>> _round_up(1977.0), _round_up(0.178), _round_up(0.0)
    (2000.0, 0.2, 1.0)
    """
    if most <= 0:
        return 1.0
    unit = 10.0 ** np.floor(np.log10(most))
    return float(next(round(step * unit, 12) for step in ROUND_STEPS if round(step * unit, 12) >= most))


def _across(part: float) -> float:
    return round(BAR_LEFT + (BAR_RIGHT - BAR_LEFT) * part, 1)


def _grid(frame: _Frame, across: str, up: str) -> str:
    parts = []
    for step in range(6):
        x, y = frame.x(frame.most_x * step / 5), frame.y(frame.most_y * step / 5)
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{RIGHT}" y2="{y}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 6, y + 4, _percent(frame.most_y * step / 5), "end"))
        said = _percent(frame.most_x * step / 5) if frame.most_x <= 1 else f"{frame.most_x * step / 5:,.0f}"
        parts.append(_text(x, BOTTOM + 16, said, "middle"))
    middle = (TOP + BOTTOM) / 2
    parts.append(_text((LEFT + RIGHT) / 2, BOTTOM + 38, across, "middle"))
    turned = f'transform="rotate(-90 14 {middle})"'
    parts.append(
        f'<text x="14" y="{middle}" text-anchor="middle" font-size="12" fill="{INK}" {turned}>{escape(up)}</text>'
    )
    return "".join(parts)


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="12" fill="{INK}">{escape(words)}</text>'


def _percent(share: float) -> str:
    per_cent = 100 * share
    return f"{per_cent:.0f} %" if per_cent >= 10 or per_cent == round(per_cent) else f"{per_cent:.1f} %"


def _label(words: str, y: float) -> str:
    """What a row is called, to the left of it, in a line or two; the table beside the chart has longer names whole."""
    lines = wrap(words, LABEL_LETTERS, max_lines=LABEL_LINES, placeholder=" …")
    first = y + 4 - LABEL_GAP * (len(lines) - 1) / 2
    return "".join(_text(BAR_LEFT - 10, first + LABEL_GAP * place, line, "end") for place, line in enumerate(lines))


def _svg(height: float, title: str, body: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'font-family="Helvetica, Arial, sans-serif"><title>{escape(title)}</title>{"".join(body)}</svg>'
    )
