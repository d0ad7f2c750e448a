"""Pictures of counts as SVG: no script, no style attribute; figures, order and words say all that shades say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from textwrap import wrap
from typing import TypeVar

from markupsafe import Markup, escape

Row = TypeVar("Row")
WIDTH, LEFT, RIGHT = 720, 224, 640  # bars stand between; names to the left, sums to the right
ROW, BAR, HEAD, LINE = 28, 20, 34, 13
NAME_LETTERS, NAME_LINES = 32, 2
SHEET = 25  # rows that fit a sheet of paper
INK = "#0b0c0c"
# The fill of a part and the ink of its figure; neighbours differ in lightness, so that grey paper tells them apart.
NAMED = {
    "red": ("#942514", "#ffffff"),
    "amber": ("#f4a460", INK),
    "green": ("#2a7a4b", "#ffffff"),
    "none": ("#e3e6e8", INK),
    "no band": ("#e3e6e8", INK),
}
UNNAMED = (("#0f385c", "#ffffff"), ("#5694ca", INK), ("#d2e2f1", INK), ("#ffffff", INK))
BLUE = "#1d70b8"
DIGIT = 8  # the width of a figure; where it does not fit into its part, the table has it


def stacked(
    title: str, parts: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]], most: int | None = None
) -> Markup:
    """A bar for each row, made of the same parts in the same order; what each shade is called stands above.

    `most` is the sum of the longest bar where that is in another picture.
    """
    most = most or max((sum(counts) for _, counts in rows), default=0) or 1
    shades = _shades(parts)
    body = [_key(parts, shades)]
    for place, (name, counts) in enumerate(rows):
        top, x = HEAD + ROW * place, float(LEFT)
        body.append(_name(name, top))
        for shade, count in zip(shades, counts, strict=True):
            width = (RIGHT - LEFT) * count / most
            body.append(_part(x, top, width, count, shade))
            x += width
        body.append(_text(x + 8, top + 15, f"{sum(counts):,}"))
    return _svg(HEAD + ROW * len(rows) + 6, title, body)


def sheets(title: str, rows: Sequence[Row], draw: Callable[[str, Sequence[Row]], Markup]) -> list[tuple[str, Markup]]:
    """Rows in pictures that each fit a sheet of paper and have about as many, with their titles."""
    if len(rows) <= SHEET:
        return [(title, draw(title, rows))]
    size, found = ceil(len(rows) / ceil(len(rows) / SHEET)), []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        named = f"{title}: {start + 1} to {start + len(part)} of {len(rows)}"
        found.append((named, draw(named, part)))
    return found


def bars(title: str, rows: Sequence[tuple[str, int]], most: int | None = None, unit: str = "") -> Markup:
    """A bar for each row; `most` is the value of the longest bar that there can be, `unit` stands behind figures."""
    longest = most or max((count for _, count in rows), default=0) or 1
    body = []
    for place, (name, count) in enumerate(rows):
        top, width = ROW * place + 4, (RIGHT - LEFT) * count / longest
        body.append(_name(name, top))
        body.append(f'<rect x="{LEFT}" y="{top}" width="{max(width, 1):.1f}" height="{BAR}" fill="{BLUE}"/>')
        body.append(_text(LEFT + width + 8, top + 15, f"{count:,}{unit}"))
    return _svg(ROW * len(rows) + 8, title, body)


def _shades(parts: Sequence[str]) -> list[tuple[str, str]]:
    """Bands that are called by a colour have it; others have shades by their place."""
    if all(name.casefold() in NAMED for name in parts):
        return [NAMED[name.casefold()] for name in parts]
    return [UNNAMED[min(place, len(UNNAMED) - 1)] for place in range(len(parts))]


def _part(x: float, top: float, width: float, count: int, shade: tuple[str, str]) -> str:
    if not count:
        return ""
    fill, ink = shade
    box = (
        f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{BAR}" fill="{fill}" stroke="{INK}" '
        'stroke-width="0.75"/>'
    )
    figure = f"{count:,}"
    if width < DIGIT * len(figure) + 4:
        return box
    return box + _text(x + width / 2, top + 15, figure, "middle", ink)


def _key(parts: Sequence[str], shades: Sequence[tuple[str, str]]) -> str:
    found, x = [], float(LEFT)
    for name, (fill, _) in zip(parts, shades, strict=True):
        found.append(
            f'<rect x="{x:.0f}" y="6" width="14" height="14" fill="{fill}" stroke="{INK}" stroke-width="0.75"/>'
        )
        found.append(_text(x + 20, 18, name))
        x += 44 + 7.5 * len(name)
    return "".join(found)


def _name(name: str, top: float) -> str:
    """What a row is called, in a line or two; the table has a longer name whole."""
    lines = wrap(name, NAME_LETTERS, max_lines=NAME_LINES, placeholder=" …")
    first = top + 15 - LINE * (len(lines) - 1) / 2
    return "".join(_text(LEFT - 10, first + LINE * place, line, "end") for place, line in enumerate(lines))


def _text(x: float, y: float, words: str, anchor: str = "start", ink: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:g}" text-anchor="{anchor}" font-size="13" fill="{ink}">{escape(words)}</text>'


def _svg(height: float, title: str, body: Sequence[str]) -> Markup:
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'font-family="Helvetica, Arial, sans-serif"><title>{escape(title)}</title>{"".join(body)}</svg>'
    )
