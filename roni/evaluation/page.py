"""The plain parts of a page: sections, tables, figures as people read them. One file, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from roni.evaluation.evidence import Figure

STYLE = """
body{font:16px/1.45 Helvetica,Arial,sans-serif;color:#0b0c0c;background:#fff;max-width:60rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.9rem;line-height:1.2}h2{font-size:1.4rem;margin-top:2.5rem;border-top:1px solid #b1b4b6;padding-top:1rem}
h3{font-size:1.1rem}
table{border-collapse:collapse;width:100%;margin:1rem 0;font-size:.9rem}
caption{text-align:left;font-weight:bold;padding-bottom:.3rem}
th,td{text-align:left;padding:.35rem .7rem .35rem 0;border-bottom:1px solid #b1b4b6;vertical-align:top}
td.number{font-variant-numeric:tabular-nums}
.basis{color:#505a5f;font-size:.9rem}.interval{color:#505a5f;white-space:nowrap}.none{color:#505a5f;font-style:italic}
.notice{border:3px solid #0b0c0c;padding:.8rem 1rem;font-weight:bold}
svg{max-width:100%;height:auto}summary{cursor:pointer;margin:.6rem 0}
.wide{overflow-x:auto}
@media print{details>*{display:block}body{max-width:none}h2{break-after:avoid}tr,svg{break-inside:avoid}}
"""


def document(title: str, body: Iterable[str]) -> str:
    """A whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main></body></html>\n"
    )


def heading(text: str, level: int = 2) -> str:
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def details(summary: str, *parts: str) -> str:
    """What only some readers open."""
    return f"<details><summary>{escape(summary)}</summary>{''.join(parts)}</details>"


def table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells already made by `text`, `number` and the functions below; the first cell of each names the row."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headings)
    body = "\n".join("<tr>" + _row_name(row[0]) + "".join(row[1:]) + "</tr>" for row in rows)
    if not body:
        return ""
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _row_name(cell: str) -> str:
    """The same cell as the heading of its row."""
    return f'<th scope="row"{cell.removeprefix("<td").removesuffix("</td>")}</th>'


def text(words: str) -> str:
    return f"<td>{escape(words)}</td>"


def number(value: float | None, digits: int = 0) -> str:
    return text("") if value is None else f'<td class="number">{value:,.{digits}f}</td>'


def expected(value: float | None) -> str:
    """A number of pupils, whole where it is."""
    return number(value, 0 if value is None or value == round(value) else 1)


def per_cent(figure: Figure, signed: bool = False) -> str:
    """A share with its interval, in per cent; a reason where there is none."""
    return _figure(figure, 100.0, 1, signed)


def plain_figure(figure: Figure, digits: int = 2, signed: bool = False) -> str:
    """A figure with its interval as it is; a reason where there is none."""
    return _figure(figure, 1.0, digits, signed)


def _figure(figure: Figure, scale: float, digits: int, signed: bool) -> str:
    if not figure.shown:
        return f'<td class="none">{escape(figure_text(figure, scale, digits, signed))}</td>'
    value, _, interval = figure_text(figure, scale, digits, signed).partition(" ")
    return f'<td class="number">{value} <span class="interval">{interval}</span></td>'


def figure_text(figure: Figure, scale: float, digits: int = 1, signed: bool = False) -> str:
    """A figure with its interval, or why there is none.

    >>> figure_text(Figure(0.386, 0.266, 0.507, 55, 1932), 100)
    '38.6 (26.6 to 50.7)'
    """
    if figure.value is None:
        return figure.why.partition(":")[0]
    value, low, high = (
        None if end is None else _signed(scale * end, digits, signed) for end in (figure.value, figure.low, figure.high)
    )
    return f"{value} ({low} to {high})" if high else f"{value} ({low} or more)"


def _signed(value: float, digits: int, signed: bool) -> str:
    """A minus that reads as one, and a plus where asked.

    >>> _signed(-0.04, 1, True), _signed(2.5, 1, True), _signed(-3, 0, False)
    ('0.0', '+2.5', '−3')
    """
    rounded = round(value, digits) + 0.0
    sign = "−" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,.{digits}f}"
