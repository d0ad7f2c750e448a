"""A figure and what it rests on: value, interval, events, pupils; or the reason why the data cannot bear one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Below these no figure is shown. With 10 events the 95 % interval of a share of one half is 24 % to 76 %: fewer say
# nothing. They are this project's choice; a council may hold itself to more, not less.
FEWEST_NEET = 10
FEWEST_PUPILS = 20

CONFIDENCE = 95  # per cent, of every interval
_Z = 1.959963984540054  # of the normal distribution, two-sided, at CONFIDENCE
_TAILS = (2.5, 97.5)  # percentiles, at CONFIDENCE


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its 95 % interval and what it rests on; `why` says why there is none.

    `events` are the NEET pupils and `pupils` the pupils that it rests on, None where they are too few to be named.
    `low` or `high` None beside a value: the interval has no such end.
    """

    value: float | None
    low: float | None
    high: float | None
    events: int | None
    pupils: int | None
    why: str = ""

    @classmethod
    def withheld(cls, why: str) -> Figure:
        """No figure, and the reason."""
        return cls(None, None, None, None, None, why)

    @property
    def shown(self) -> bool:
        """Whether there is a figure."""
        return self.value is not None


# What stands before the colon is enough in a table that says the rest once.
TOO_FEW_NEET = f"too small to say: fewer than {FEWEST_NEET} NEET pupils"
TOO_FEW_PUPILS = f"too small to say: fewer than {FEWEST_PUPILS} pupils"


def share(part: float, whole: float, events: int) -> Figure:
    """A share of pupils with its Wilson interval; withheld where the whole is too few pupils.

    `part` may be an expected number, where pupils tied at a cut count in part.
    """
    if whole < FEWEST_PUPILS:
        return Figure.withheld(TOO_FEW_PUPILS)
    low, high = wilson(part, whole)
    return Figure(part / whole, low, high, events, round(whole))


def share_of_neet(part: float, neet: int) -> Figure:
    """A share of NEET pupils with its Wilson interval; withheld where these are too few."""
    if neet < FEWEST_NEET:
        return Figure.withheld(TOO_FEW_NEET)
    low, high = wilson(part, neet)
    return Figure(part / neet, low, high, neet, neet)


def resampled(draws: NDArray[np.float64], events: int, pupils: int) -> Figure:
    """The first draw, the figure itself, with the percentile interval of the others; withheld where NEET are too few.

    A resample in which the figure has no value (NaN) does not count; infinite ones do.
    """
    if events < FEWEST_NEET:
        return Figure.withheld(TOO_FEW_NEET)
    if np.isnan(draws[0]):
        return Figure.withheld("there is nobody to work it out from")
    if np.isinf(draws[0]):
        return Figure.withheld("nobody in the list became NEET")
    low, high = percentiles(draws[1:])
    return Figure(float(draws[0]), _finite(low), _finite(high), events, pupils)


def percentiles(draws: NDArray[np.float64]) -> tuple[float, float]:
    """The interval between the outer percentiles of resampled values (percentile bootstrap; Efron 1979)."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return np.nan, np.nan
    # nearest rank, not interpolated: between two infinite values there is no middle
    low, high = np.percentile(known, _TAILS, method="nearest")
    return float(low), float(high)


def wilson(part: float, whole: float) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, JASA 22 (1927) 209-212): right at 0 and 1, and for small numbers.

    >>> [round(end, 2) for end in wilson(11, 34)]
    [0.19, 0.49]
    """
    rate, extra = part / whole, _Z**2 / whole
    middle = (rate + extra / 2) / (1 + extra)
    half = _Z / (1 + extra) * float(np.sqrt(rate * (1 - rate) / whole + extra / (4 * whole)))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def plain(value: Any) -> Any:
    """Dataclasses, arrays and numpy numbers as what JSON can say; a number that is not finite is None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
