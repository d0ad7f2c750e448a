"""What a reading says of itself: which columns gave what, what is absent, and where routes disagree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from roni.cohort import Reading
from roni.errors import ProblemBlock
from roni.fields import Field
from roni.plural import counted
from roni.readers.columns import Read
from roni.readers.stack import Stack
from roni.routes import Routed
from roni.supplied import inputs

# The problems of fields that were worked out from others, other than an impossible value.
OF_ROUTES = frozenset({"routes_disagree", "no_sessions", "zero_attendance"})


def route_problems(final: Stack, routed: Routed, no_sessions: NDArray[np.bool_]) -> list[ProblemBlock]:
    """Where known routes disagree, where one gave what cannot be, and attendance that is odd."""
    found: list[ProblemBlock] = []
    for name, conflict in routed.conflict.items():
        item = final.fields[name]
        if not _only_mirrors(final, item):
            found += final.blocks("routes_disagree", conflict, name, {"label": item.label})
        found += final.blocks("impossible", routed.impossible[name], name, {"expects": item.expects})
    attendance = routed.columns.get("attendance")
    if attendance is not None:
        found += final.blocks("no_sessions", no_sessions, "attendance", {})
        found += final.blocks("zero_attendance", attendance == 0, "attendance", {})
    return found


def with_routes(final: Stack, routed: Routed, reads: Sequence[Read]) -> Iterator[Reading]:
    """The readings of files; a column that gives another field says which, and for how many pupils."""
    gives: dict[tuple[str, str], list[str]] = {}
    for name, used in routed.used.items():
        item = final.fields[name]
        for place, file in enumerate(final.files if not _only_mirrors(final, item) else ()):
            counts = np.bincount(used[final.file_index == place] + 1, minlength=len(item.routes) + 2)
            for way, count in zip(item.routes, counts[2:].tolist(), strict=True):
                for source in way.inputs if count else ():
                    gives.setdefault((file, source), []).append(f"gives {item.label} for {counted(count, 'pupil')}")
    for read in reads:
        for reading in read.readings:
            more = gives.get((reading.file, reading.field or ""), [])
            yield replace(reading, reading="; ".join([reading.reading, *more]))


def _only_mirrors(final: Stack, item: Field) -> bool:
    """Whether a field says again what another one says (an EHC plan, of the SEN provision): that one speaks for it."""
    return not item.listed and item.name in inputs(final.fields)
