"""How an invented pupil comes about: traits, then flags, then what became of them. Log-odds that add up.

The intercepts and the matched weights are solved once, on a reference population of fixed seed, so that the published
shares are reached in expectation; a drawn authority then differs from them by chance only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.synthetic.targets import absence_bands, load, share, targets

Array = NDArray[Any]
Columns = dict[str, Array]

REFERENCE_PUPILS = 150_000
REFERENCE_SEED = 20211116
SOLVED_ON = 60_000  # pupils of the reference on which an intercept is solved: its error is far below a drawn share's
YEARS_OF_SECONDARY = 5  # Years 7 to 11
STAYS_ABSENT = 0.8  # correlation of one year's absence with the next; this project's choice
BRIEFLY_FOLLOWS_NEET = 0.7  # a short NEET spell becomes likelier with the log-odds of being NEET, by so much of it
PASS, TOP_GRADE = 4, 9
GRADE_STEP = 0.5  # of attainment from one grade to the next; this project's choice
GIRLS_ABSENT_MORE = 0.055  # shift of the absence deviate either side; gives the published gap of girls and boys
VULNERABLE = (
    "looked_after", "care_leaver", "youth_justice", "young_carer", "pregnant", "parent", "refugee_or_asylum_seeker",
)  # fmt: skip


@dataclass
class Solved:
    """Intercepts and weights solved on the reference population."""

    intercepts: dict[str, float] = field(default_factory=dict)
    neet: dict[str, float] = field(default_factory=dict)
    not_known: dict[str, float] = field(default_factory=dict)
    grade_cut: float = 0.0

    def intercept(self, name: str, solve: Callable[[], float]) -> float:
        if name not in self.intercepts:
            self.intercepts[name] = solve()
        return self.intercepts[name]


@cache
def rules() -> Mapping[str, Any]:
    """The process as written down."""
    return load("process.toml")


@cache
def solved() -> Solved:
    """The process solved on the reference population; about a second, once."""
    learned = Solved()
    rng = np.random.default_rng(REFERENCE_SEED)
    pupils = draw_pupils(rng, REFERENCE_PUPILS, learned)
    learned.grade_cut = float(np.quantile(_weaker_subject(pupils), 1 - share("level_2_english_maths")))
    learned.neet = solve_weights(pupils, "neet", np.ones(REFERENCE_PUPILS), neet_targets(pupils))
    staying = 1 - probability(pupils, "neet", learned.neet)
    learned.not_known = solve_weights(pupils, "not_known", staying, not_known_targets(pupils))
    learned.intercepts["briefly"] = _solve_briefly(1 - staying)
    return learned


def _solve_briefly(neet: Array) -> float:
    """Of those neither NEET nor not known in March, enough have a short spell that ever NEET is as published."""
    settled = (1 - neet) * (1 - share("not_known") / (1 - share("neet")))
    odds = BRIEFLY_FOLLOWS_NEET * np.log(neet / (1 - neet))
    return solve_intercept(odds, share("ever_neet") - share("neet"), lambda shifted: settled * logistic(shifted))


def draw_pupils(rng: np.random.Generator, size: int, learned: Solved | None = None) -> Columns:
    """The truth about `size` invented pupils in January of Year 11, as plain columns (flags are booleans)."""
    learned = solved() if learned is None else learned
    pupils = _traits(rng, size)
    flags = [name for name in rules() if name not in ("suspended", "neet", "not_known")]
    for name in flags:
        pupils[name] = _flag(rng, pupils, name, learned)
    pupils["pregnant"] &= pupils["girl"]
    pupils["elective_home_education"] &= ~pupils["looked_after"]
    pupils["pregnant_or_parent"] = pupils["pregnant"] | pupils["parent"]
    pupils["vulnerable_group"] = np.logical_or.reduce([pupils[name] for name in VULNERABLE])
    _suspensions(rng, pupils, learned)
    return pupils


def _traits(rng: np.random.Generator, size: int) -> Columns:
    normal = rng.standard_normal
    group = np.searchsorted(
        np.cumsum([share(n) for n in ("fsm_and_sen", "fsm_not_sen", "sen_not_fsm")]), rng.random(size)
    )
    sen = (group == 0) | (group == 2)
    ehcp = sen & (rng.random(size) < share("ehcp_of_sen"))
    girl = rng.random(size) < share("female")
    pupils: Columns = {"group": group, "fsm": group <= 1, "sen_support": sen & ~ehcp, "ehcp": ehcp, "girl": girl}
    pupils["absence"] = normal(size)
    pupils["conduct"] = 0.4 * pupils["absence"] + 0.92 * normal(size)
    pupils["strain"] = 0.3 * pupils["absence"] + 0.95 * normal(size)
    pupils["missed"] = missed(pupils, pupils["absence"])
    pupils["persistent_absence"] = pupils["missed"] >= 10
    pupils["missed_above_10"] = np.clip(pupils["missed"] - 10, 0, 60)
    ability = -0.45 * pupils["fsm"] - 0.9 * pupils["sen_support"] - 1.4 * ehcp - 0.35 * pupils["absence"]
    pupils["attainment"] = ability + 0.85 * normal(size)
    pupils["english"] = pupils["attainment"] + 0.35 * normal(size)
    pupils["maths"] = pupils["attainment"] + 0.45 * normal(size)
    pupils["unobserved"] = normal(size)
    return pupils


def missed(pupils: Columns, deviate: Array) -> NDArray[np.float64]:
    """Per cent of a year's sessions missed at this place in the published distribution of the pupil's group."""
    edges, below = absence_bands()
    shifted = (deviate + np.where(pupils["girl"], GIRLS_ABSENT_MORE, -GIRLS_ABSENT_MORE)) / np.hypot(
        1, GIRLS_ABSENT_MORE
    )
    place = normal_cdf(shifted)
    result = np.empty(len(place))
    for code, name in enumerate(("fsm_sen", "fsm", "sen", "neither")):
        chosen = pupils["group"] == code
        result[chosen] = np.interp(place[chosen], below[name], edges)
    return result


def next_year(rng: np.random.Generator, deviate: Array) -> NDArray[np.float64]:
    """The absence deviate of the year before or after: alike, not equal."""
    step = rng.standard_normal(len(deviate))
    return np.asarray(STAYS_ABSENT * deviate + np.sqrt(1 - STAYS_ABSENT**2) * step)


def _flag(rng: np.random.Generator, pupils: Columns, name: str, learned: Solved) -> NDArray[np.bool_]:
    odds = log_odds(pupils, rules()[name])
    start = learned.intercept(name, lambda: solve_intercept(odds[:SOLVED_ON], share(name), logistic))
    return np.asarray(rng.random(len(odds)) < logistic(start + odds))


def _suspensions(rng: np.random.Generator, pupils: Columns, learned: Solved) -> None:
    def ever(odds: Array) -> NDArray[np.float64]:
        return np.asarray(1 - (1 - logistic(odds)) ** YEARS_OF_SECONDARY)

    odds = log_odds(pupils, rules()["suspended"])
    start = learned.intercept("suspended", lambda: solve_intercept(odds[:SOLVED_ON], share("ever_suspended"), ever))
    pupils["suspension_risk"] = logistic(start + odds)
    pupils["suspensions"] = draw_suspensions(rng, pupils["suspension_risk"])
    pupils["suspended"] = pupils["suspensions"] > 0
    earlier = rng.random(len(odds)) < 1 - (1 - pupils["suspension_risk"]) ** (YEARS_OF_SECONDARY - 1)
    pupils["ever_suspended"] = pupils["suspended"] | earlier


def draw_suspensions(rng: np.random.Generator, risk: Array) -> NDArray[np.int32]:
    """How often each pupil was suspended in one year: mostly never, rarely often."""
    count = rng.geometric(0.5, len(risk))
    return np.where(rng.random(len(risk)) < risk, np.minimum(count, 12), 0).astype(np.int32)


def log_odds(pupils: Columns, weights: Mapping[str, float]) -> NDArray[np.float64]:
    """The weighted sum of columns."""
    size = len(pupils["absence"])
    total = np.zeros(size)
    for name, weight in weights.items():
        total += weight * pupils[name]
    return total


def probability(pupils: Columns, outcome: str, weights: Mapping[str, float]) -> NDArray[np.float64]:
    """The chance of an outcome: intercept, matched weights and fixed ones together."""
    both = {name: weight for name, weight in weights.items() if name != "intercept"}
    return logistic(weights["intercept"] + log_odds(pupils, both) + log_odds(pupils, rules()[outcome]["fixed"]))


def grades(pupils: Columns, subject: str) -> NDArray[np.int64]:
    """GCSE grade 0 (U) to 9 in `english` or `maths`; 4 and above as often in both as published."""
    steps = np.floor((pupils[subject] - solved().grade_cut) / GRADE_STEP)
    return np.asarray(np.clip(PASS + steps, 0, TOP_GRADE), dtype=np.int64)


def _weaker_subject(pupils: Columns) -> NDArray[np.float64]:
    return np.minimum(pupils["english"], pupils["maths"])


def neet_targets(pupils: Columns) -> dict[str, float]:
    """Per matched group the share NEET to reach; SEN figures hold NEET and not known in the national proportion."""
    matched = rules()["neet"]["matched"]
    part = share("neet") / (share("neet") + share("not_known"))
    result = {name: share(figure) for name, figure in matched.items()}
    for name in ("sen_support", "ehcp"):
        result[name] *= part
    result["vulnerable_group"] -= share("not_known_vulnerable")
    absent = pupils["persistent_absence"].mean()
    ratio = targets()["neet_ratio_persistent_absence"].value / 100
    result["persistent_absence"] = ratio * share("neet") / (1 + absent * (ratio - 1))
    return {"intercept": share("neet"), **result}


def not_known_targets(_: Columns) -> dict[str, float]:
    """Per matched group the share not known to reach, of all its members."""
    part = share("not_known") / (share("neet") + share("not_known"))
    result = {name: share(figure) for name, figure in rules()["not_known"]["matched"].items()}
    for name in ("sen_support", "ehcp"):
        result[name] *= part
    return {"intercept": share("not_known"), **result}


def solve_weights(pupils: Columns, outcome: str, exposure: Array, wanted: Mapping[str, float]) -> dict[str, float]:
    """Weights at which every group's expected share is as wanted: Newton's method on the moment conditions."""
    size = len(exposure)
    design = np.column_stack([np.ones(size) if name == "intercept" else pupils[name] for name in wanted]).astype(float)
    aim = design.sum(axis=0) * np.array(list(wanted.values()))
    fixed = log_odds(pupils, rules()[outcome]["fixed"])
    weights = np.zeros(design.shape[1])
    weights[0] = -4.0
    for _ in range(50):
        chance = logistic(fixed + design @ weights)
        slope = design.T @ (design * (exposure * chance * (1 - chance))[:, None])
        step = np.linalg.solve(slope, aim - design.T @ (exposure * chance))
        weights += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    return dict(zip(wanted, weights.tolist(), strict=True))


def solve_intercept(odds: Array, wanted: float, share_of: Callable[[Array], Array]) -> float:
    """The constant at which the mean share is as wanted, by halving."""
    low, high = -20.0, 20.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if share_of(odds + middle).mean() < wanted else (low, middle)
    return (low + high) / 2


def logistic(odds: Array) -> NDArray[np.float64]:
    """From log-odds to a share."""
    return np.asarray(1 / (1 + np.exp(-odds)))


def normal_cdf(deviate: Array) -> NDArray[np.float64]:
    """The share of a normal population below each deviate, to 1e-7 (Abramowitz and Stegun 26.2.17)."""
    t = 1 / (1 + 0.2316419 * np.abs(deviate))
    tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail *= np.exp(-deviate * deviate / 2) / np.sqrt(2 * np.pi)
    return np.asarray(np.where(deviate > 0, 1 - tail, tail))
