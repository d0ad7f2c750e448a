"""What became of invented leavers: activity codes month by month from September, so that NEET on a day, ever, and for
four months or more are three different answers. Not known is an outcome of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.synthetic.process import BRIEFLY_FOLLOWS_NEET, Array, Columns, logistic, probability, solved
from roni.synthetic.targets import share

MONTHS = 12  # September after Year 11 to August
MARCH = 6

# Client caseload activity codes and how often each is drawn. Full-time education and apprenticeships follow the
# published shares; the split within each is this project's choice.
EDUCATION = {210: 0.40, 220: 0.12, 230: 0.46, 280: 0.02}
OTHER_EET = {250: 0.05, 270: 0.10, 320: 0.10, 330: 0.35, 340: 0.15, 360: 0.15, 410: 0.05, 430: 0.05}
NEET = {619: 0.62, 610: 0.08, 615: 0.05, 616: 0.03, 620: 0.02, 640: 0.12, 680: 0.04, 540: 0.04}
UNKNOWN = {810: 0.75, 820: 0.15, 830: 0.10}
APPRENTICESHIP = 310
FULL_TIME = tuple(EDUCATION)
PARENT, PREGNANT = 630, 650
SIXTH_FORM = 210

PLANS = {
    210: "sixth_form", 220: "sixth_form_college", 230: "fe_college", 280: "special_post_16", 310: "apprenticeship",
    410: "training", 430: "training",
}  # fmt: skip
INTENTIONS = (*dict.fromkeys(PLANS.values()), "employment", "undecided", "none")
OFFERS, OFFER_SHARES = ("offered", "applied", "not_applied", "no_offer"), (0.35, 0.5, 0.1, 0.05)


def draw_destinations(rng: np.random.Generator, people: Columns) -> Columns:
    """Per pupil: `main` (the activity), `other` (a NEET or not-known code, 0 none) and its months `start` to `end`."""
    size = len(people["absence"])
    neet = probability(people, "neet", solved().neet)
    lost = (1 - neet) * probability(people, "not_known", solved().not_known)
    place = rng.random(size)
    at_march = np.where(place < neet, 1, np.where(place < neet + lost, 2, 0))
    briefly = (at_march == 0) & (rng.random(size) < brief_chance(neet))
    start, end = _months(rng, at_march, briefly)
    other = np.where(at_march == 2, _draw(rng, UNKNOWN, size), _neet_code(rng, people))
    return {
        "main": _main(rng, size),
        "other": np.where((at_march > 0) | briefly, other, 0),
        "start": start,
        "end": end,
        "neet_at_march": at_march == 1,
        "not_known_at_march": at_march == 2,
        "ever_neet": (at_march == 1) | briefly,
    }


def brief_chance(neet: Array) -> NDArray[np.float64]:
    """The chance of a short NEET spell that is over before March or begins after it: more likely where NEET is."""
    odds = BRIEFLY_FOLLOWS_NEET * np.log(neet / (1 - neet))
    return logistic(solved().intercepts["briefly"] + odds)


def _months(rng: np.random.Generator, at_march: Array, briefly: Array) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """The months of the spell, `start` inclusive and `end` exclusive; both 0 where there is none."""
    size = len(at_march)
    long_start, long_end = rng.integers(0, MARCH + 1, size), rng.integers(MARCH + 1, MONTHS + 1, size)
    length, early = rng.integers(1, 4, size), rng.random(size) < 0.6
    short_start = np.where(early, rng.integers(0, 3, size), rng.integers(MARCH + 1, MONTHS - 2, size))
    start = np.where(at_march > 0, long_start, np.where(briefly, short_start, 0))
    end = np.where(at_march > 0, long_end, np.where(briefly, short_start + length, 0))
    return start.astype(np.int8), end.astype(np.int8)


def _main(rng: np.random.Generator, size: int) -> NDArray[np.int64]:
    engaged = 1 - share("neet") - share("not_known")
    place = rng.random(size) * engaged
    education, apprentice = share("full_time_education"), share("apprenticeship")
    codes = np.where(place < education, _draw(rng, EDUCATION, size), _draw(rng, OTHER_EET, size))
    return np.where((place >= education) & (place < education + apprentice), APPRENTICESHIP, codes)


def _neet_code(rng: np.random.Generator, people: Columns) -> NDArray[np.int64]:
    codes = _draw(rng, NEET, len(people["absence"]))
    at_home = rng.random(len(codes)) < 0.7
    codes = np.where(people["pregnant"] & at_home, PREGNANT, codes)
    return np.where(people["parent"] & at_home, PARENT, codes)


def _draw(rng: np.random.Generator, shares: dict[int, float], size: int) -> NDArray[np.int64]:
    edges = np.cumsum(list(shares.values())) / sum(shares.values())
    codes = np.array(list(shares), dtype=np.int64)
    places = np.searchsorted(edges, rng.random(size), side="right").clip(max=len(shares) - 1)
    return np.asarray(codes[places])


def draw_intentions(rng: np.random.Generator, people: Columns, main: Array) -> Columns:
    """What each pupil of Year 11 says is next, and whether a place is offered, as places in INTENTIONS and OFFERS.

    Drawn from what a school could see, never from what happened later: a doubtful plan is a sign, not the answer.
    """
    size = len(main)
    doubt = logistic(-2.0 - 0.6 * people["attainment"] + 0.4 * people["strain"] + 0.3 * people["absence"])
    doubtful = rng.random(size) < doubt
    plan = np.full(size, INTENTIONS.index("employment"))
    for code, word in PLANS.items():
        plan[main == code] = INTENTIONS.index(word)
    vague = np.where(rng.random(size) < 0.7, INTENTIONS.index("undecided"), INTENTIONS.index("none"))
    offer = rng.choice(len(OFFERS), size, p=OFFER_SHARES)
    return {
        "intended": np.where(doubtful, vague, plan),
        "offer": np.where(doubtful, OFFERS.index("not_applied"), offer),
    }


def as_table(keys: Any, drawn: Columns, leavers: int) -> Any:
    """Spells as a pyarrow table, one row each: key, activity_code, start, end (null: still so), date_verified."""
    import pyarrow as pa

    start, end, other = drawn["start"].astype(int), drawn["end"].astype(int), drawn["other"]
    nobody = np.zeros_like(start)
    parts = [(nobody, np.where(other > 0, start, MONTHS), drawn["main"]), (start, end, other)]
    parts.append((np.where(other > 0, end, MONTHS), nobody + MONTHS, drawn["main"]))
    pupil = np.tile(np.arange(len(start)), 3)
    begins, ends, code = (np.concatenate([part[i] for part in parts]) for i in range(3))
    kept = np.flatnonzero(ends > begins)
    kept = kept[np.lexsort((begins[kept], pupil[kept]))]
    first = np.datetime64(f"{leavers}-09", "M")
    stops = (first + ends[kept]).astype("datetime64[D]") - np.timedelta64(1, "D")
    verified = (first + begins[kept]).astype("datetime64[D]") + np.timedelta64(13, "D")
    return pa.table(
        {
            "key": keys.take(pa.array(pupil[kept])),
            "activity_code": pa.array(code[kept], pa.int16()),
            "start": pa.array((first + begins[kept]).astype("datetime64[D]")),
            "end": pa.array(stops, mask=ends[kept] == MONTHS),
            "date_verified": pa.array(verified),
        }
    )
