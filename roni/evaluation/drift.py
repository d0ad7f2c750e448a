"""How far pupils of one check differ from those of another, field by field: between November and January, or years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.cohort import Values, is_known

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.fields import Field

BINS = 10  # of a per cent or count: equally many pupils of the earlier check in each, edges on the field's grid
# The usual reading of the index; a convention of credit scoring without a test behind it [unverified].
SMALL, LARGE = 0.10, 0.25
SMOOTHING = 0.5  # pupils added to each bin, so that an empty one does not make the index infinite
COMPARED = ("percent", "count", "flag", "code")
_Z95 = 1.6448536269514722  # the 95th percentile of the normal distribution


@dataclass(frozen=True, slots=True)
class Drift:
    """One field at two checks. `index`: population stability index; `by_chance`: what 95 in 100 stay under unchanged.

    `known_before`, `known_now`: shares of pupils with a known value. `breaks`: why values of the two do not compare.
    """

    field: str
    label: str
    index: float
    by_chance: float
    known_before: float
    known_now: float
    breaks: tuple[str, ...]

    @property
    def words(self) -> str:
        """The index as it is usually read."""
        if self.index <= self.by_chance:
            return "no more than chance"
        return "small" if self.index < SMALL else "moderate" if self.index < LARGE else "large"


def drift(before: Cohort, now: Cohort) -> list[Drift]:
    """Every field that either check knows anything of and that is no text or date; the largest index first."""
    names = [name for name, item in now.fields.items() if item.type in COMPARED]
    found = [_field(now.fields[name], before, now) for name in names if _said(before, name) or _said(now, name)]
    return sorted(found, key=lambda row: -row.index)


def _said(cohort: Cohort, name: str) -> bool:
    return name in cohort.columns and bool(cohort.known(name).any())


def _field(item: Field, before: Cohort, now: Cohort) -> Drift:
    then, later = before.column(item.name), now.column(item.name)
    edges = _edges(item, then[is_known(item, then)])
    counts = [np.bincount(_bins(item, values, edges), minlength=_size(item, edges)) for values in (then, later)]
    first, last = sorted((before.check.on, now.check.on))
    return Drift(
        item.name,
        item.label,
        stability_index(*counts),
        chance(*counts),
        float(before.known(item.name).mean()),
        float(now.known(item.name).mean()),
        tuple(f"{broken.on}: {broken.why}" for broken in item.breaks if first < broken.on <= last),
    )


def _edges(item: Field, values: Values) -> NDArray[np.float64]:
    if item.type in ("flag", "code") or not len(values):
        return np.zeros(0)
    step = item.grid or 1.0
    edges = np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf")
    return np.unique(np.floor(edges / step + 1e-6) * step)


def _size(item: Field, edges: NDArray[np.float64]) -> int:
    """Bins of known values and the one of not known."""
    return {"flag": 2, "code": len(item.codes)}.get(item.type, len(edges) + 1) + 1


def _bins(item: Field, values: Values, edges: NDArray[np.float64]) -> NDArray[np.int64]:
    last = _size(item, edges) - 1
    if item.type == "flag":
        return np.array([2, 1, 0])[values]  # not known 0, yes 1, no -1
    place = values if item.type == "code" else np.searchsorted(edges, values, side="right")
    return np.where(is_known(item, values), place, last).astype(np.int64)


def stability_index(before: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    """The population stability index of two sets of counts: 0 where the shares are the same.

    >>> round(stability_index(np.array([500, 500]), np.array([400, 600])), 2)
    0.04
    """
    somebody = (before + now) > 0
    first, second = before[somebody] + SMOOTHING, now[somebody] + SMOOTHING
    first, second = first / first.sum(), second / second.sum()
    return float(((second - first) * np.log(second / first)).sum())


def chance(before: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    """The index that 95 in 100 fields that did not change stay under, for so many pupils and bins.

    The index is about chi-squared with bins - 1 degrees of freedom, times 1/n + 1/m (Yurdakul and Naranjo, Journal of
    Risk Model Validation 14 (2020)); its percentile by Wilson and Hilferty (PNAS 17 (1931) 684-688).
    """
    free = int(((before + now) > 0).sum()) - 1
    if free < 1 or not before.sum() or not now.sum():
        return 0.0
    spread = 2 / (9 * free)
    return float(free * (1 - spread + _Z95 * np.sqrt(spread)) ** 3 * (1 / before.sum() + 1 / now.sum()))
