"""Two lists of the same pupils by band: a picture where both have the same bands, and the table of who changes band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from service.phrases import band_words
from service.reports import charts

CAPTION = "Pupils in each band"


@dataclass(frozen=True, slots=True)
class BandPairs:
    """How many pupils have which band by the first list (rows) and by the second (columns)."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    picture: Markup | None
    figures: list[tuple[Any, ...]]  # the picture's numbers, a list a row
    bands: list[str]


def band_pairs(pairs: Sequence[dict[str, Any]], names: Sequence[str], first: str, second: str) -> BandPairs:
    """From counts of pairs of bands, the most urgent first. `first` and `second` are what the two lists are called;
    `names` the bands that both have, without which there is no picture.
    """
    counts = {(pair["first"], pair["second"]): pair["pupils"] for pair in pairs}
    down, across = (list(dict.fromkeys(pair[side] for pair in pairs)) for side in ("first", "second"))
    rows = [(band_words(one), *(counts.get((one, other), 0) for other in across)) for one in down]
    bands = [band_words(name) for name in names]
    sums = [(first, _sums(pairs, "first", names)), (second, _sums(pairs, "second", names))]
    picture = charts.stacked(CAPTION, bands, sums) if names else None
    figures = [(words, *counted) for words, counted in sums]
    return BandPairs([band_words(name) for name in across], rows, picture, figures, bands)


def _sums(pairs: Sequence[dict[str, Any]], side: str, names: Sequence[str]) -> list[int]:
    return [sum(pair["pupils"] for pair in pairs if pair[side] == name) for name in names]
