"""Pictures as SVG text: no scripts, no style attributes, nothing fetched, readable in black and white.

Sign, length and words say everything that colour says. Sizes are in user units; the page decides how large they print.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720
LEFT, RIGHT = 290, 600  # the bars stand between; labels to the left, figures to the right
ROW, BAR = 44, 22
TOP = 20
TITLE_LINE, SMALL_LINE = 22, 18
LABEL_LETTERS, TITLE_LETTERS, SMALL_LETTER = 32, 62, 7.0  # letters that fit even in a wide face, at 14, 18 and 12 units
# Dark enough to tell from paper when printed in grey; the sign and the length say the same without them.
GAIN, LOSS, SUM, OPEN = "#1d70b8", "#00703c", "#0b0c0c", "#505a5f"


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: what it is for, and by how much it moves the sum."""

    label: str
    amount: float


@dataclass(frozen=True)
class Line:
    """An upright line at a sum that matters, such as where a band begins."""

    label: str
    at: float


def waterfall(
    steps: Sequence[Step], total: float, total_max: float, title: str, unit: str = "points", lines: Sequence[Line] = ()
) -> str:
    """How the steps add up to `total`, and how far what is not known could still take it, as one SVG element.

    `lines` mark sums on the way. Text is escaped; labels too long for two lines are cut with an ellipsis.
    """
    scale = _Scale.of([step.amount for step in steps], total, total_max, lines)
    headline = _wrapped(title, TITLE_LETTERS, 2)
    top = TOP + TITLE_LINE * len(headline)
    rows, start = [], 0.0
    for place, step in enumerate(steps):
        rows.append(_row(scale, top + ROW * place, step.label, start, step.amount, _kind(step.amount)))
        start += step.amount
    rows.append(_row(scale, top + ROW * len(rows), f"{unit} altogether", 0.0, total, "sum"))
    if total_max > total:
        rows.append(_row(scale, top + ROW * len(rows), "not known", total, total_max - total, "open"))
    bottom = top + ROW * len(rows)
    body = [_title(headline), _axis(scale, top, bottom), _lines(scale, top, bottom, lines), *rows]
    height = bottom + SMALL_LINE * len(lines) + TOP
    return _svg(height, title, _in_words(steps, total, total_max, unit), body)


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    @classmethod
    def of(cls, amounts: Sequence[float], total: float, total_max: float, lines: Sequence[Line]) -> _Scale:
        sums = [0.0, total, total_max, *(line.at for line in lines)]
        reached = 0.0
        for amount in amounts:
            reached += amount
            sums.append(reached)
        low, high = min(sums), max(sums)
        return cls(low, high if high > low else low + 1)

    def __call__(self, value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (value - self.low) / (self.high - self.low), 1)


def _kind(amount: float) -> str:
    return "loss" if amount < 0 else "gain"


def _figure(amount: float, kind: str) -> str:
    """The figure beside a bar: a sign for a step, none for a sum.

    >>> _figure(2, "gain"), _figure(-0.25, "loss"), _figure(5, "sum"), _figure(3, "open")
    ('+2', '−0.25', '5', 'up to +3')
    """
    number = f"{abs(amount):.2f}".rstrip("0").rstrip(".")
    sign = "−" if amount < 0 else "" if kind == "sum" else "+"
    return f"up to {sign}{number}" if kind == "open" else f"{sign}{number}"


def _row(scale: _Scale, y: float, label: str, start: float, amount: float, kind: str) -> str:
    left, right = sorted((scale(start), scale(start + amount)))
    text = _lines_of_text(_wrapped(label, LABEL_LETTERS, 2), LEFT - 12, y + ROW / 2, kind == "sum")
    bar = _bar(left, y + (ROW - BAR) / 2, max(right - left, 1.0), kind)
    figure = (
        f'<text class="chart-figure" x="{right + 8}" y="{y + ROW / 2}" dominant-baseline="central" '
        f'font-size="14" font-weight="bold" fill="{SUM}">{_figure(amount, kind)}</text>'
    )
    return f'<g class="chart-row">{text}{bar}{figure}</g>'


def _bar(x: float, y: float, width: float, kind: str) -> str:
    colour = {"gain": GAIN, "loss": LOSS, "sum": SUM, "open": OPEN}[kind]
    paint = f'fill="none" stroke="{OPEN}" stroke-width="2" stroke-dasharray="5 3"'
    paint = paint if kind == "open" else f'fill="{colour}"'
    return f'<rect class="chart-bar chart-{kind}" x="{x}" y="{y}" width="{width:.1f}" height="{BAR}" {paint}/>'


def _lines_of_text(lines: Sequence[str], x: float, middle: float, bold: bool) -> str:
    first = middle - 8 * (len(lines) - 1)
    weight = ' font-weight="bold"' if bold else ""
    return "".join(
        f'<text class="chart-label" x="{x}" y="{first + 16 * place}" text-anchor="end" dominant-baseline="central" '
        f'font-size="14"{weight} fill="{SUM}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )


def _title(lines: Sequence[str]) -> str:
    return "".join(
        f'<text class="chart-title" x="0" y="{TOP + TITLE_LINE * place}" font-size="18" font-weight="bold" '
        f'fill="{SUM}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )


def _axis(scale: _Scale, top: float, bottom: float) -> str:
    x = scale(0.0)
    return f'<line class="chart-axis" x1="{x}" y1="{top}" x2="{x}" y2="{bottom}" stroke="{OPEN}" stroke-width="1"/>'


def _lines(scale: _Scale, top: float, bottom: float, lines: Sequence[Line]) -> str:
    """The furthest line has the highest label, so that no line runs through another's words."""
    drawn = []
    for place, line in enumerate(sorted(lines, key=lambda line: -line.at)):
        x, y = scale(line.at), bottom + SMALL_LINE * (place + 1)
        label = _cut(line.label, int((WIDTH - x - 6) / SMALL_LETTER))
        drawn.append(
            f'<line class="chart-line" x1="{x}" y1="{top}" x2="{x}" y2="{y}" stroke="{OPEN}" stroke-width="1" '
            f'stroke-dasharray="2 3"/><text class="chart-note" x="{x + 4}" y="{y}" font-size="12" '
            f'fill="{SUM}">{escape(label)}</text>'
        )
    return "".join(drawn)


def _svg(height: float, title: str, description: str, body: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'font-family="Helvetica, Arial, sans-serif"><title>{escape(title)}</title>'
        f"<desc>{escape(description)}</desc>{''.join(body)}</svg>"
    )


def _in_words(steps: Sequence[Step], total: float, total_max: float, unit: str) -> str:
    parts = [f"{step.label} {_figure(step.amount, _kind(step.amount))}" for step in steps]
    parts.append(f"{unit} altogether {_figure(total, 'sum')}")
    if total_max > total:
        parts.append(f"not known, {_figure(total_max - total, 'open')}")
    return "; ".join(parts) + "."


def _wrapped(text: str, letters: int, most: int) -> list[str]:
    return textwrap.wrap(text, letters, max_lines=most, placeholder=" …") or [""]


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: max(letters - 1, 0)].rstrip() + "…"
