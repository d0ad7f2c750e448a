"""How near an invented authority comes to the published figures: target, achieved, and what chance alone would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from roni.synthetic import truth
from roni.synthetic.authority import Authority
from roni.synthetic.destinations import APPRENTICESHIP, FULL_TIME
from roni.synthetic.process import Array
from roni.synthetic.targets import targets

if TYPE_CHECKING:
    import pandas as pd

Counted = tuple[str, Array, Array]  # figure, who is asked about, of whom it is true
CARD_FLAGS = (
    "fsm",
    "looked_after",
    "pregnant_or_parent",
    "young_carer",
    "youth_justice",
    "eal",
    "alternative_provision",
)
ON_THE_LIST = 3  # points, as in Buckinghamshire


def fidelity_report(authority: Authority) -> pd.DataFrame:
    """One row a figure: target and achieved in per cent, pupils, sampling_error, distance, label, source, role.

    Everybody counts once, with what was true in January of Year 11 and the March after. `sampling_error` is one
    standard error of a share at the target; `distance` is how many of them lie between target and achieved.
    """
    import pandas as pd

    rows = [_row(*counted) for counted in _counted(authority)]
    rows.append(_ratio(authority))
    return pd.DataFrame(rows).set_index("figure")


def _row(figure: str, asked: Array, true: Array) -> dict[str, Any]:
    target = targets()[figure]
    size = int(asked.sum())
    share = target.value / 100
    error = 100 * np.sqrt(share * (1 - share) / max(size, 1))
    achieved = 100 * float(true[asked].mean()) if size else np.nan
    return _line(figure, achieved, size, error)


def _line(figure: str, achieved: float, size: int, error: float) -> dict[str, Any]:
    target = targets()[figure]
    return {
        "figure": figure,
        "label": target.label,
        "target": target.value,
        "achieved": achieved,
        "pupils": size,
        "sampling_error": error,
        "distance": (achieved - target.value) / error if error else np.nan,
        "role": target.role,
        "unverified": target.unverified,
        "source": target.source,
        "why": target.why,
    }


def _counted(authority: Authority) -> Iterator[Counted]:
    people, outcome = authority.world.people, authority.outcome
    everybody = np.ones(len(authority), dtype=bool)
    absent, fsm, sen = people["persistent_absence"], people["fsm"], people["sen"]
    yield "female", everybody, people["girl"]
    yield "fsm_and_sen", everybody, fsm & sen
    yield "fsm_not_sen", everybody, fsm & ~sen
    yield "sen_not_fsm", everybody, sen & ~fsm
    yield "ehcp_of_sen", sen, people["ehcp"]
    yield "persistent_absence", everybody, absent
    yield "persistent_absence_fsm_sen", fsm & sen, absent
    yield "persistent_absence_fsm", fsm & ~sen, absent
    yield "persistent_absence_sen", sen & ~fsm, absent
    yield "persistent_absence_neither", ~sen & ~fsm, absent
    yield "persistent_absence_girls", people["girl"], absent
    yield "persistent_absence_boys", ~people["girl"], absent
    yield "severe_absence", everybody, people["missed"] >= 50
    yield "ever_suspended", everybody, people["ever_suspended"]
    strong = (people["english_grade"] >= 4) & (people["maths_grade"] >= 4)
    yield "level_2_english_maths", everybody, strong
    for name in people:
        if name in targets() and name not in ("persistent_absence", "ever_suspended"):
            yield name, everybody, people[name]
    yield from _outcomes(authority, people, outcome, everybody)


def _outcomes(authority: Authority, people: Any, outcome: Any, everybody: Array) -> Iterator[Counted]:
    neet, lost = outcome["neet_at_march"], outcome["not_known_at_march"]
    yield "neet", everybody, neet
    yield "not_known", everybody, lost
    yield "neet_or_not_known_no_sen", ~people["sen"], neet | lost
    yield "neet_or_not_known_sen_support", people["sen_support"], neet | lost
    yield "neet_or_not_known_ehcp", people["ehcp"], neet | lost
    yield "neet_or_not_known_vulnerable", people["vulnerable_group"], neet | lost
    for group in ("alternative_provision", "elective_home_education", "youth_justice", "young_carer", "care_leaver"):
        yield f"neet_{group}", people[group], neet
    yield "neet_pregnant_or_parent", people["pregnant_or_parent"], neet
    for group in ("alternative_provision", "elective_home_education"):
        yield f"not_known_{group}", people[group], lost
    yield "not_known_vulnerable", people["vulnerable_group"], lost
    yield "ever_neet", everybody, outcome["ever_neet"]
    engaged = ~neet & ~lost
    yield "full_time_education", everybody, engaged & np.isin(outcome["main"], FULL_TIME)
    yield "apprenticeship", everybody, engaged & (outcome["main"] == APPRENTICESHIP)
    yield "caught_by_card", neet, on_list(authority)


def _ratio(authority: Authority) -> dict[str, Any]:
    """NEET among the persistently absent against the rest, in per cent; its error by the delta method."""
    absent, neet = authority.world.people["persistent_absence"], authority.outcome["neet_at_march"]
    counts = [int(neet[absent].sum()), int(neet[~absent].sum())]
    rates = [neet[absent].mean(), neet[~absent].mean()]
    ratio = 100 * rates[0] / rates[1] if rates[1] else np.nan
    error = ratio * np.sqrt(sum((1 - rate) / max(count, 1) for rate, count in zip(rates, counts, strict=True)))
    return _line("neet_ratio_persistent_absence", float(ratio), len(neet), float(error))


def on_list(authority: Authority) -> Array:
    """Who had 3 points or more on the Oxfordshire card, on the truth of January of Year 11."""
    people = authority.world.people
    columns = {name: people[name].tolist() for name in (*CARD_FLAGS, "permanently_excluded", "suspended")}
    columns["attendance"] = (100 - people["missed"]).tolist()
    columns["sen_provision"] = np.array(["N", "K", "E"])[people["sen"] * 1 + people["ehcp"]].tolist()
    pupils = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return np.array([truth.points(pupil)[0] >= ON_THE_LIST for pupil in pupils], dtype=bool)
