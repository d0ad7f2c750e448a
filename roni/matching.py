"""The same pupil in two cohorts: by key, else by any other UPN or ULN that both know. A name never makes a match.

A file and row say where a pupil stands in one file and nothing of who it is, and a UPN that two pupils of a file share
is nobody's: such pupils cannot be matched between checks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import KEY_KINDS, Cohort
from roni.identity import PERMANENT, TEMPORARY, read_upns
from roni.tally import marked

# What may say that a pupil is one of before under another key: a UPN that changed, or one added since.
OTHER_WAYS = (
    ("former_upn", "upn"),
    ("upn", "former_upn"),
    ("upn", "upn"),
    ("former_upn", "former_upn"),
    ("uln", "uln"),
)


def match_pupils(cohort: Cohort, among: Cohort) -> NDArray[np.int64]:
    """For each pupil of a cohort [n] the place of the same pupil in another; -1 where there is none.

    No two pupils get the same place.
    """
    known, theirs = can_be_matched(cohort), can_be_matched(among)
    if known.all() and theirs.all():
        return _places_of(cohort, among)
    here, there = np.flatnonzero(known), np.flatnonzero(theirs)
    places = _places_of(cohort.take(here), among.take(there))
    found = np.full(len(cohort), -1, np.int64)
    found[here] = np.append(there, -1)[places]  # place -1, nobody, meets the -1 at the end
    return found


def can_be_matched(cohort: Cohort) -> NDArray[np.bool_]:
    """Which pupils have an identifier that says who they are, in this check and in any other [n]."""
    return np.asarray((cohort.key_kind != KEY_KINDS.index("reference")) & ~marked(cohort, "upn_shared"))


def _places_of(cohort: Cohort, among: Cohort) -> NDArray[np.int64]:
    found = _index_in(cohort.keys, among.keys)
    for mine, theirs in OTHER_WAYS:
        missing = np.flatnonzero(found < 0)
        if not len(missing) or mine not in cohort.columns or theirs not in among.columns:
            continue
        free = np.ones(len(among), dtype=bool)
        free[found[found >= 0]] = False
        others = np.flatnonzero(free)
        places = _index_in(_sound(cohort.take(missing), mine), _sound(among.take(others), theirs))
        hit = np.flatnonzero(places >= 0)
        _, first = np.unique(places[hit], return_index=True)
        found[missing[hit[first]]] = others[places[hit[first]]]
    return found


def _sound(cohort: Cohort, name: str) -> Any:
    column = cohort.column(name)
    return column if name == "uln" else read_upns(column).where(PERMANENT, TEMPORARY)


def _index_in(texts: Any, among: Any) -> NDArray[np.int64]:
    import pyarrow.compute as pc

    found = pc.index_in(texts, value_set=among.drop_null() if among.null_count else among, skip_nulls=True)
    places = np.array(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    if among.null_count:  # back from places among the known texts to places among all
        known = np.flatnonzero(np.asarray(among.is_valid()))
        places = np.where(places >= 0, known[places] if len(known) else -1, -1)
    return places
