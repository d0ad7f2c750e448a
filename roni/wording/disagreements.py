"""Where a school and a council list disagree: who said what, and what counts until a person decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.wording.lines import distinct
from roni.wording.roll import day

if TYPE_CHECKING:
    from roni.cohort import Cohort, Source
    from roni.errors import ProblemBlock

SCHOOL = "the school"


def disagreements(cohort: Cohort, names: Iterable[str]) -> Iterator[tuple[str, NDArray[np.int64], str]]:
    """Of these fields: the field, the places of pupils about whom the same is said, and the sentence."""
    wanted = {cohort.fields[name].label: name for name in names}
    for block in cohort.problems.blocks:
        name = wanted.get(str(block.says.get("label")))
        if block.code != "sources_disagree" or name is None or block.rows is None or block.file not in cohort.files:
            continue
        of_file = cohort.file_index == cohort.files.index(block.file)
        places = np.flatnonzero(of_file & np.isin(cohort.row, block.rows))
        origin = cohort.origin.get(name, np.full(len(cohort), -1, np.int8))
        first, which = distinct(origin[places])
        for said, one in enumerate(first):
            yield name, places[which == said], _sentence(cohort, name, int(places[one]), block)


def _sentence(cohort: Cohort, name: str, index: int, block: ProblemBlock) -> str:
    """“young carer: the school says no, Carers list (1 Oct 2026) says yes; counts as yes until a person decides”."""
    item, winner = cohort.fields[name], _winner(cohort.source_of(name, index))
    one, other = _sides(cohort, winner, block)
    if item.type == "flag" and cohort.value(name, index) and winner in (one, other):
        loser = one if winner == other else other
        said = f"{loser} says no, {winner} says yes; counts as yes"
    else:
        said = f"{one} and {other} differ; what {winner} says counts"
    return f"{item.label}: {said} until a person decides"


def _winner(source: Source | None) -> str:
    return _named(source) if source is not None and source.kind == "council" else SCHOOL


def _named(source: Source) -> str:
    return source.name + (f" ({day(source.as_at)})" if source.as_at else "")


def _sides(cohort: Cohort, winner: str, block: ProblemBlock) -> tuple[str, str]:
    """Who disagree: whoever had spoken before, and the list that was joined then.

    A problem names the list, and what it was held against where that was another list. Where it does not, the winner
    is one of the two, and the other can be told for certain only where there is no more than one list.
    """
    by_name = {source.name: _named(source) for source in cohort.sources if source.kind == "council"}
    if "list" in block.says:
        return by_name.get(str(block.says.get("other")), SCHOOL), by_name[str(block.says["list"])]
    if winner != SCHOOL:
        return (SCHOOL if len(by_name) == 1 else f"{SCHOOL} or another list"), winner
    return SCHOOL, next(iter(by_name.values())) if len(by_name) == 1 else "a council list"
