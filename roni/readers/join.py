"""Council-held lists joined to the cohort: on a list is met; off it is no only where the list is complete."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import UNKNOWN, Source, Values, is_known, not_known
from roni.errors import ProblemBlock
from roni.fields import Field
from roni.identity import BLANK, PERMANENT, TEMPORARY, read_ulns, read_upns
from roni.readers.listed import ListedPupils
from roni.readers.stack import Stack

NOBODY, SEVERAL = -1, -2  # in place of a pupil's place: no pupil, or more than one under the same identifier


@dataclass(frozen=True)
class Joined:
    """The stack with what the lists say, where each value came from, and what did not fit."""

    stack: Stack
    sources: tuple[Source, ...] = ()
    origin: Mapping[str, NDArray[np.int8]] = dataclasses.field(default_factory=dict)
    problems: tuple[ProblemBlock, ...] = ()


def join(joined: Joined, listed: ListedPupils) -> Joined:
    """Join one list. Rows that match no pupil are problems (`not_on_roll`); disagreements count as met and are too."""
    stack = joined.stack
    places = match(stack, listed.table)
    source = Source(listed.name, listed.as_at, "council")
    problems = [*joined.problems, *listed.problems.blocks, *unmatched(stack, listed.table, places)]
    columns, origin = dict(stack.columns), dict(joined.origin)
    number = len(joined.sources)
    for name, values in listed.said.items():
        item = stack.fields[name]
        heard = _spread(item, values, places, len(stack))
        if listed.complete and item.type == "flag":
            heard = np.where((heard == 0) & _covered(stack, listed.years, places), np.int8(-1), heard)
        own = stack.column(name)
        merged, taken, conflict = _weigh(item, own, heard)
        columns[name] = merged
        before = origin.get(name, np.full(len(stack), -1, np.int8))
        origin[name] = np.where(taken, np.int8(number), before)
        for spoken in np.unique(before[conflict]).tolist():  # the school, or a list that was joined earlier
            says = {"label": item.label, "list": source.name}
            says |= {"other": joined.sources[spoken].name} if spoken >= 0 else {}
            problems += stack.blocks("sources_disagree", conflict & (before == spoken), name, says)
    return replace(
        joined,
        stack=replace(stack, columns=columns),
        sources=(*joined.sources, source),
        origin=origin,
        problems=tuple(problems),
    )


def match(stack: Stack, listed: Stack) -> NDArray[np.int64]:
    """For each row of the list the pupil's place: by UPN, former UPN, then ULN; NOBODY, or SEVERAL who share it."""
    places = np.full(len(listed), NOBODY, dtype=np.int64)
    ways = [(mine, name) for mine in ("upn", "former_upn") for name in ("upn", "former_upn")]
    for mine, name in [*ways, ("uln", "uln")]:
        if mine in listed.columns and name in stack.columns:
            found = _places(_sound(mine, listed.columns[mine]), _sound(name, stack.columns[name]))
            places = np.where(places == NOBODY, found, places)
    return places


def _sound(name: str, column: Any) -> Any:
    return read_ulns(column)[0] if name == "uln" else read_upns(column).where(PERMANENT, TEMPORARY)


def _places(theirs: Any, ours: Any) -> NDArray[np.int64]:
    import pyarrow.compute as pc

    found = pc.index_in(theirs, value_set=ours, skip_nulls=True).fill_null(NOBODY)
    places = np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)
    counts = pc.value_counts(ours.drop_null())
    shared = counts.field(0).filter(pc.greater(counts.field(1), 1))
    return np.where(pc.is_in(theirs, value_set=shared).to_numpy(zero_copy_only=False), SEVERAL, places)


def unmatched(stack: Stack, listed: Stack, places: NDArray[np.int64]) -> list[ProblemBlock]:
    """The rows of a list that are not joined, and why: several pupils, nobody, or somebody by name only."""
    missing = places == NOBODY
    blank = np.ones(len(places), dtype=bool)
    if "upn" in listed.columns:
        blank = read_upns(listed.columns["upn"]).kind == BLANK
    proposed = missing & _same_person(stack, listed)
    why = {
        "not_one_pupil": places == SEVERAL,
        "link_proposed": proposed,
        "not_on_roll": missing & ~blank & ~proposed,
        "supplement_no_key": missing & blank & ~proposed,
    }
    found = [
        ProblemBlock(code, file, listed.headings[place].get("upn", ""), listed.row[rows & (listed.file_index == place)])
        for place, file in enumerate(listed.files)
        for code, rows in why.items()
    ]
    return [block for block in found if len(block)]


def _same_person(stack: Stack, listed: Stack) -> NDArray[np.bool_]:
    """Rows whose names and birth date are those of a pupil: enough to ask, never enough to join."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def person(columns: Mapping[str, Values], size: int) -> Any:
        born = columns.get("date_of_birth")
        if born is None or "surname" not in columns or "forename" not in columns:
            return pa.nulls(size, pa.string())
        parts = (columns["surname"], columns["forename"], pa.array(born).cast(pa.string()))
        return pc.utf8_lower(pc.binary_join_element_wise(*parts, "|"))

    theirs = person(listed.columns, len(listed))
    found = pc.is_in(theirs, value_set=person(stack.columns, len(stack)).drop_null())
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _concern(item: Field, values: Values) -> NDArray[np.float64]:
    """Known values in order of concern, -inf where not known: yes above no, more above fewer, a later code above an
    earlier; of attendance and the like, less above more."""
    sign = -1.0 if item.concern == "low" else 1.0
    return np.where(is_known(item, values), sign * values, -np.inf)


def _spread(item: Field, values: Values, places: NDArray[np.int64], size: int) -> Values:
    """The list's values at their pupils' places; of several rows of a pupil the one of most concern."""
    hit = places >= 0
    if item.type == "text":
        import pyarrow as pa

        texts: list[str | None] = [None] * size
        for place, text in zip(places[hit].tolist(), values.filter(pa.array(hit)).to_pylist(), strict=True):
            texts[place] = text
        return pa.array(texts, pa.string())
    spread = not_known(item, size)
    rows = np.flatnonzero(hit)
    if item.type != "date":
        rows = rows[np.argsort(_concern(item, values)[rows], kind="stable")]
    spread[places[rows]] = values[rows]  # of rows of one pupil the last stands
    return spread


def _covered(stack: Stack, years: tuple[int, ...], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pupils of whom a complete list speaks by leaving them out."""
    covered = np.ones(len(stack), dtype=bool)
    if years:
        covered = np.isin(stack.column("year_group"), years)
    covered[places[places >= 0]] = False
    return covered


def _weigh(item: Field, own: Values, heard: Values) -> tuple[Values, NDArray[np.bool_], NDArray[np.bool_]]:
    """The value to use, where it is the list's, and where the two disagree: then the one of more concern counts."""
    own_known, heard_known = is_known(item, own), is_known(item, heard)
    if item.type == "text":
        import pyarrow.compute as pc

        return pc.coalesce(own, heard), heard_known & ~own_known, np.zeros(len(own_known), dtype=bool)
    both = own_known & heard_known
    conflict = both & (own != heard)
    more = heard_known & ~own_known if item.type == "date" else _concern(item, heard) > _concern(item, own)
    return np.asarray(np.where(more, heard, own), dtype=UNKNOWN[item.type][0]), more, conflict
