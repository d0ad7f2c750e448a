"""The published figures that invented pupils follow, each with its source: `targets.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Target:
    """One published figure, in per cent. `role` is target, comparison or assumption; `why` says how it was derived."""

    name: str
    label: str
    value: float
    source: str
    role: str = "target"
    why: str = ""

    @property
    def unverified(self) -> bool:
        """Whether nobody has checked the figure against a published one."""
        return self.role == "assumption"


def load(name: str) -> dict[str, Any]:
    """One of this package's TOML files."""
    return tomllib.loads((resources.files("roni.synthetic") / name).read_text("utf-8"))


@cache
def targets() -> Mapping[str, Target]:
    """All figures by name.

    >>> targets()["neet"].value
    3.4
    """
    rows = load("targets.toml")
    sources = rows.pop("sources")
    rows.pop("bands")
    return {name: Target(name=name, **{**row, "source": sources[row["source"]]}) for name, row in rows.items()}


def share(name: str) -> float:
    """A figure as a share of 1."""
    return targets()[name].value / 100


@cache
def absence_bands() -> tuple[NDArray[np.float64], Mapping[str, NDArray[np.float64]]]:
    """Edges of the bands of absence, in per cent, and per group the share of pupils below each edge."""
    rows = load("targets.toml")["bands"]
    edges = np.array(rows["edges"], dtype=np.float64)
    below = {name: np.cumsum([0.0, *rows[name]]) / np.sum(rows[name]) for name in ("fsm_sen", "fsm", "sen", "neither")}
    return edges, below
