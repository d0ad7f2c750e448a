"""One cohort as each view of the register sees it, all side by side: what costs most is paid once for all views.

A pupil's score does not depend on who else is there, so the same pupils may stand once for each view under keys and
files of that view, and be scored together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from roni import Cohort, Problems, Reading, hidden_fields
from service.access import VIEWS

MONITORING = "monitoring"  # the audience of what only equality reports read
MARK = "\x1f"  # between a key or a file's name and its view: sorts before everything that a key holds
# What only says who is meant: a comparison of checks goes by the pupil alone.
IDENTIFIERS = ("upn", "former_upn", "temporary_upn", "uln")


def views_of(cohort: Cohort, names: Iterable[str] = tuple(VIEWS)) -> dict[str, Cohort]:
    """The cohort by view, without the fields that the view does not see; monitoring is for none of them."""
    for_lists = {name: values for name, values in cohort.columns.items() if cohort.fields[name].audience != MONITORING}
    listed = dataclasses.replace(cohort, columns=for_lists)
    return {name: _seen(listed, VIEWS[name]) for name in names}


def _seen(cohort: Cohort, audiences: frozenset[str]) -> Cohort:
    return cohort.seen_by(audiences) if hidden_fields(cohort.columns, audiences) else cohort


def alike(views: Mapping[str, Cohort], whole: Cohort, used: Iterable[str]) -> dict[str, str]:
    """For each view the first that says the same of every used field."""
    firsts: dict[frozenset[str], str] = {}
    found, asked = {}, set(used)
    for view, cohort in views.items():
        hidden = frozenset((set(whole.columns) - set(cohort.columns)) & asked)
        found[view] = firsts.setdefault(hidden, view)
    return found


def side_by_side(views: Mapping[str, Cohort]) -> Cohort:
    """The views of one cohort as one, view after view."""
    import pyarrow as pa

    each = list(views.items())
    first = each[0][1]
    names = list(dict.fromkeys(name for _, cohort in each for name in cohort.columns))
    names = [name for name in names if name not in IDENTIFIERS]
    origins = list(dict.fromkeys(name for _, cohort in each for name in cohort.origin))
    return dataclasses.replace(
        first,
        columns={name: _stacked([cohort.column(name) for _, cohort in each]) for name in names},
        keys=pa.array([key + MARK + view for view, cohort in each for key in cohort.keys.to_pylist()], pa.string()),
        key_kind=np.concatenate([cohort.key_kind for _, cohort in each]),
        file_index=np.concatenate(
            [cohort.file_index + np.int16(place * len(first.files)) for place, (_, cohort) in enumerate(each)]
        ),
        row=np.concatenate([cohort.row for _, cohort in each]),
        files=tuple(file + MARK + view for view, cohort in each for file in cohort.files),
        problems=Problems(
            dataclasses.replace(block, file=block.file + MARK + view)
            for view, cohort in each
            for block in cohort.problems.blocks
        ),
        readings=tuple(reading for view, cohort in each for reading in _readings(view, cohort, names)),
        origin={name: np.concatenate([_origin(cohort, name) for _, cohort in each]) for name in origins},
        given={},
    )


def _stacked(columns: Sequence[Any]) -> Any:
    if isinstance(columns[0], np.ndarray):
        return np.concatenate(columns)
    import pyarrow as pa

    return pa.concat_arrays(columns)


def _origin(cohort: Cohort, name: str) -> Any:
    return cohort.origin.get(name, np.full(len(cohort), -1, np.int8))


def _readings(view: str, cohort: Cohort, names: Iterable[str]) -> Iterable[Reading]:
    """The view's readings under its own files; a council list's as if each file had said it; none of what it hides."""
    for reading in cohort.readings:
        for file in (reading.file,) if reading.file in cohort.files else cohort.files:
            yield dataclasses.replace(reading, file=file + MARK + view)
    for name in names:
        if name not in cohort.columns:
            yield from (Reading(file + MARK + view, "", name, "", "absent") for file in cohort.files)
