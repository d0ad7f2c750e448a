"""Probabilities as people say them: “about 1 in 8”, never as a certainty; for one pupil, or for all at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

RAREST = 0.001
# Beyond 1 in 3 a whole N is too coarse: 0.4 and 0.6 would both be 1 in 2.
COMMON = ((1, 3), (2, 5), (1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (9, 10))
SHARES = np.array([part / whole for part, whole in COMMON])
MOST = round(1 / RAREST)
# What can be said: fewer than the rarest, “1 in N” by its N, then the common shares.
TEXTS = (
    f"fewer than 1 in {MOST:,}",
    *(f"about 1 in {whole:,}" for whole in range(1, MOST + 1)),
    *(f"about {part} in {whole}" for part, whole in COMMON),
)


def one_in(probability: float) -> str:
    """A probability as people say it; never as a certainty.

    >>> one_in(0.125), one_in(0.4), one_in(0.97), one_in(0.0001)
    ('about 1 in 8', 'about 2 in 5', 'about 9 in 10', 'fewer than 1 in 1,000')
    """
    return TEXTS[int(_which(np.array([probability]))[0])]


def chances(probability: NDArray[np.float64], pupils_like: str) -> Any:
    """“about 1 in 8 like this” for each pupil, pyarrow strings; null where the probability is NaN."""
    import pyarrow as pa

    unknown = np.isnan(probability)
    return _texts(pupils_like).take(pa.array(_which(np.where(unknown, 0.0, probability)), mask=unknown))


@lru_cache(maxsize=8)  # there are two: invented pupils, and others
def _texts(pupils_like: str) -> Any:
    import pyarrow as pa

    return pa.array([f"{text} {pupils_like}" for text in TEXTS])


def _which(probability: NDArray[np.float64]) -> NDArray[np.int64]:
    """The place in TEXTS of what is said of each probability."""
    whole = np.round(1 / np.maximum(probability, RAREST)).astype(np.int64)
    middles = (SHARES[1:] + SHARES[:-1]) / 2
    common = len(TEXTS) - len(COMMON) + np.searchsorted(middles, probability)
    return np.where(probability < RAREST, 0, np.where(probability < SHARES[0], whole, common))
