"""What a person may see of a cohort: columns of a field for others are not there, nor what was worked out from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from roni.declaration import AUDIENCES
from roni.errors import ProblemBlock, Problems, RoniError
from roni.fields import Dictionary, national
from roni.provenance import Reading
from roni.routes import chosen, overruled, route, without_sessions
from roni.streams import downstream
from roni.supplied import absent, headings_of, supplied
from roni.values import Values, is_known, not_known

if TYPE_CHECKING:
    from roni.cohort import Cohort

EVERYONE = "everyone"
# Whoever may not know why must still know that a pupil is not to be scored.
ALWAYS_SEEN = frozenset({"restricted_sharing"})
DESTINATION, DIED = "leaving_destination", "died"


def hidden_fields(
    names: Iterable[str], audiences: Collection[str], fields: Dictionary | None = None
) -> tuple[str, ...]:
    """Of these fields (`card.fields`, `cohort.columns`) those that are not for these audiences, in the same order.

    >>> hidden_fields(["attendance", "custody"], ["everyone", "school"])
    ('custody',)
    """
    dictionary, seen = national() if fields is None else fields, _seen(audiences)
    return tuple(name for name in names if dictionary[name].audience not in seen and name not in ALWAYS_SEEN)


def _seen(audiences: Collection[str]) -> set[str]:
    given = {audiences} if isinstance(audiences, str) else set(audiences)
    if unknown := sorted(given - set(AUDIENCES)):
        raise RoniError(f"“{unknown[0]}” is not an audience. The audiences are: {', '.join(AUDIENCES)}.")
    return given | {EVERYONE}


def seen_by(cohort: Cohort, audiences: Collection[str]) -> Cohort:
    """What `Cohort.seen_by` says."""
    hidden = set(hidden_fields(cohort.fields, audiences, cohort.fields))
    headings = [{name: text for name, text in each.items() if name not in hidden} for each in headings_of(cohort)]
    own = {name: values for name, values in cohort.as_given.items() if name not in hidden}
    worded = _without_words_of(cohort, hidden, headings, own)
    anew = downstream(cohort.fields, worded | (hidden & set(cohort.columns))) - hidden
    routed = _routed(cohort, own, headings, anew & cohort.columns.keys())
    columns = {
        name: routed[name] if name in anew else values
        for name, values in cohort.columns.items()
        if name not in hidden and (name not in anew or name in routed)
    }
    return replace(
        cohort,
        columns=columns | _deaths(cohort, hidden),
        given=overruled(own, columns),
        origin={name: values for name, values in cohort.origin.items() if name in columns},
        readings=_readings(cohort, hidden, _silent(cohort, hidden, anew, headings, columns)),
        problems=Problems(_problems(cohort, hidden)),
    )


def _routed(
    cohort: Cohort, own: Mapping[str, Values], headings: Sequence[Mapping[str, str]], names: set[str]
) -> Mapping[str, Values]:
    """The own columns, and these fields worked out again from them."""
    if not names:
        return own
    routed = route(cohort.fields, own, supplied(headings, cohort.file_index), len(cohort), names)
    without_sessions(routed)
    return routed.columns


def _without_words_of(
    cohort: Cohort, hidden: set[str], headings: Sequence[Mapping[str, str]], own: dict[str, Values]
) -> set[str]:
    """Take out of the own columns what only the wording of a hidden column says; the fields that it says it of."""
    found = set()
    for name in hidden & set(cohort.columns):
        item = cohort.fields[name]
        for other in {*item.also, *item.implied} & set(own):
            files = [place for place, each in enumerate(headings) if each.get(other) == ""]
            rows = np.isin(cohort.file_index, files)
            target = cohort.fields[other]
            own[other] = chosen(target, rows, not_known(target, len(cohort)), own[other])
            found.add(other)
            if not any(each.get(other) for each in headings) and not is_known(target, own[other]).any():
                del own[other]
    return found


def _deaths(cohort: Cohort, hidden: set[str]) -> dict[str, Values]:
    """Of a hidden destination that alone which keeps a pupil out of every list."""
    if DESTINATION not in hidden or DESTINATION not in cohort.columns:
        return {}
    codes, values = list(cohort.fields[DESTINATION].codes), cohort.columns[DESTINATION]
    died = values == (codes.index(DIED) if DIED in codes else len(codes))
    return {DESTINATION: np.where(died, values, np.int16(-1))} if died.any() else {}


def _silent(
    cohort: Cohort,
    hidden: set[str],
    anew: set[str],
    headings: Sequence[Mapping[str, str]],
    columns: Mapping[str, Values],
) -> list[Reading]:
    """The fields of which no column says anything now that these are hidden."""
    told = {name for item in hidden for way in cohort.fields[item].routes for name in way.inputs}
    among = (anew | told) - hidden
    return absent(cohort.fields, cohort.files, cohort.file_index, headings, columns, among)


def _readings(cohort: Cohort, hidden: set[str], silent: Iterable[Reading]) -> tuple[Reading, ...]:
    """How the columns that are seen were read, and what none of them says."""
    gives = tuple(f"gives {cohort.fields[name].label} for " for name in hidden)
    shown = [item for item in cohort.readings if item.field not in hidden]
    shown = [_without(item, gives) for item in shown]
    return (*shown, *(item for item in silent if item not in shown))


def _without(item: Reading, starts: tuple[str, ...]) -> Reading:
    """The reading without the parts of its sentence that start like this."""
    if not any(start in item.reading for start in starts):
        return item
    return replace(item, reading="; ".join(part for part in item.reading.split("; ") if not part.startswith(starts)))


def _problems(cohort: Cohort, hidden: set[str]) -> Iterator[ProblemBlock]:
    """The problems that are not about a hidden column, by its heading, nor about a hidden field, by its label."""
    labels = {cohort.fields[name].label for name in hidden}
    columns = {(item.file, item.heading) for item in cohort.readings if item.field in hidden and item.heading}
    for block in cohort.problems.blocks:
        named = {block.column, *block.column.split(" / ")}
        if named & labels or block.says.get("label") in labels or any((block.file, text) in columns for text in named):
            continue
        yield block
