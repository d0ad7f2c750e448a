"""Which fields a model learns from: those known as at the check, alike in every cohort; the others named, with why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from roni.calendar import check_names
from roni.cohort import Cohort, Source
from roni.errors import TrainingError
from roni.fields import Dictionary, Field
from roni.model.likeness import MOSTLY, gone
from roni.model.model_field import KIND_OF, ModelField
from roni.training.declared import refusal, said_elsewhere, sensitive, unusable

# Pupils who must differ from the rest for a field to be learnt from: with fewer its table would be about those pupils,
# and would say something about each of them. This project's choice.
FEWEST_DIFFERENT = 10
# The end of the period that a field is about, by field.
UNTIL: Mapping[str, str] = {"attendance": "attendance_to", "recent_attendance": "recent_attendance_to"}
LAST_YEAR = "_last_year"  # how the names of fields about the school year before the check's end


@dataclass(frozen=True)
class Choice:
    """`used`: the fields learnt from. `left_out`: field to why. `despite`: used because named, and what speaks against.

    `judged`: protected characteristics and proxies whose worth is measured, whether they are used or not.
    """

    used: tuple[str, ...]
    left_out: Mapping[str, str]
    despite: Mapping[str, str]
    judged: tuple[str, ...]


def choose(
    cohorts: Sequence[Cohort], named: Sequence[str] | None, protected: bool, scoring: Cohort | None = None
) -> Choice:
    """Choose among what the cohorts hold, or among the fields that are named.

    `scoring` is a cohort that the model is meant for. Raises TrainingError: a name that is no field, a field that no
    model can use, or nothing left.
    """
    fields = cohorts[0].fields
    wanted = list(named if named is not None else (name for name in fields if _somewhere(cohorts, name)))
    _check_named(wanted if named is not None else [], fields)
    used, left_out, despite = [], dict[str, str](), dict[str, str]()
    for name in wanted:
        item = fields[name]
        if unusable(item) or (named is None and said_elsewhere(item)):
            continue
        against = _against(item, cohorts, protected)
        broken = _broken(item, cohorts, scoring)
        if broken or (against and named is None):
            left_out[name] = broken if named is not None else against or broken
            continue
        used.append(name)
        if against:
            despite[name] = against
    if not used:
        why = "; ".join(f"“{fields[name].label}”: {why}" for name, why in left_out.items())
        raise TrainingError(f"No field is left to learn from. {why}".strip())
    return Choice(tuple(used), left_out, despite, tuple(_judged(cohorts, used)))


def _check_named(named: Sequence[str], fields: Dictionary) -> None:
    for name in named:
        if name not in fields:
            raise TrainingError(f"“{name}” is not a field.")
        if why := unusable(fields[name]):
            raise TrainingError(f"“{name}” cannot be learnt from: {why}.")


def _against(item: Field, cohorts: Sequence[Cohort], protected: bool) -> str:
    """Why a field is refused unless it is named; "" where nothing speaks against it."""
    if why := refusal(item) or _too_late(item, cohorts):
        return why
    return "" if protected or not sensitive(item) else f"protected ({sensitive(item)}); out unless asked for"


def _too_late(item: Field, cohorts: Sequence[Cohort]) -> str:
    """Whether a fact was not there, or might not have been, when the check was closed."""
    names = check_names()
    for cohort in cohorts:
        check = cohort.check
        if names.index(item.due) > names.index(check.name):
            return f"due at the {item.due} check, after this one"
        for source in _sources(item.name, cohort):
            if source.as_at is None:
                return f"“{source.name}” has no date, so it may tell of days after the check"
            if source.as_at > check.due:
                return f"“{source.name}” is of {source.as_at}, after the {check} check closed"
        if _ends_after(item.name, cohort):
            return f"it covers days after the {check} check closed"
    return ""


def _sources(name: str, cohort: Cohort) -> Iterator[Source]:
    origin = cohort.origin.get(name)
    places = () if origin is None else np.unique(origin[origin >= 0]).tolist()
    return (cohort.sources[place] for place in places)


def _ends_after(name: str, cohort: Cohort) -> bool:
    until = UNTIL.get(name)
    return until is not None and bool((cohort.column(until) > np.datetime64(cohort.check.due, "s")).any())


def _broken(item: Field, cohorts: Sequence[Cohort], scoring: Cohort | None) -> str:
    """Why a field cannot be learnt from, named or not: it is not the same in every cohort, or says next to nothing."""
    compared = [*cohorts, *([scoring] if scoring is not None else [])]
    if any(_declared(cohort.fields.get(item.name)) != ModelField.of(item) for cohort in compared):
        return "it is not declared alike for every cohort"
    first, last = (end(_about(item.name, cohort) for cohort in compared) for end in (min, max))
    for each in item.breaks:
        if first < each.on <= last:
            return f"its series breaks on {each.on}, between the cohorts: {each.why}"
    known = {str(cohort.check): float(cohort.known(item.name).mean()) for cohort in compared}
    rarest, commonest = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    if gone(known[commonest], known[rarest]):
        return (
            f"known of {known[rarest]:.0%} of the pupils of the {rarest} check and of {known[commonest]:.0%} at the "
            f"{commonest} check"
        )
    if item.name in ("suspensions", "suspended") and (windows := _windows(compared)):
        return f"the cohorts count suspensions over different times: {windows}"
    return "" if _differing(item.name, cohorts) >= FEWEST_DIFFERENT else _same(cohorts, item.name)


def _about(name: str, cohort: Cohort) -> date:
    """A day of the school year that a field tells of at the check: of a fact of last year, a year earlier."""
    on = cohort.check.on
    return date(on.year - 1, on.month, min(on.day, 28)) if name.endswith(LAST_YEAR) else on


def _declared(item: Field | None) -> ModelField | None:
    return None if item is None else ModelField.of(item)


def _same(cohorts: Sequence[Cohort], name: str) -> str:
    if not any(cohort.known(name).any() for cohort in cohorts):
        return "known of nobody"
    return f"fewer than {FEWEST_DIFFERENT} pupils differ from the rest"


def _windows(cohorts: Sequence[Cohort]) -> str:
    """The windows of suspensions that most pupils' counts have, where these are stated and differ between cohorts."""
    codes = list(cohorts[0].fields["suspensions_window"].codes.values())
    found = {}
    for cohort in cohorts:
        values = cohort.column("suspensions_window")
        counts = np.bincount(values[values >= 0], minlength=len(codes))
        if counts.max() > MOSTLY * len(values):
            found[str(cohort.check)] = codes[int(counts.argmax())]
    return "; ".join(f"{check}: {window}" for check, window in found.items()) if len(set(found.values())) > 1 else ""


def _differing(name: str, cohorts: Sequence[Cohort]) -> int:
    """How many pupils with a known value have another than the commonest."""
    known = np.concatenate([cohort.column(name)[cohort.known(name)] for cohort in cohorts])
    counts = np.unique(known, return_counts=True)[1]
    return int(counts.sum() - counts.max()) if len(counts) else 0


def _judged(cohorts: Sequence[Cohort], used: Sequence[str]) -> Iterator[str]:
    """Protected characteristics and proxies that the cohorts hold and a table can be made of."""
    for name, item in cohorts[0].fields.items():
        alike = name not in used and said_elsewhere(item)
        if not sensitive(item) or item.type not in KIND_OF or alike or not _somewhere(cohorts, name):
            continue
        if not _too_late(item, cohorts) and not _broken(item, cohorts, None):
            yield name


def _somewhere(cohorts: Sequence[Cohort], name: str) -> bool:
    return any(name in cohort.columns for cohort in cohorts)


def breaks_since(fields: Dictionary, names: Sequence[str], cohorts: Sequence[Cohort]) -> Iterator[str]:
    """Breaks in the series of used fields after the last cohort: what the model has not seen."""
    for name in names:
        last = max(_about(name, cohort) for cohort in cohorts)
        for each in fields[name].breaks:
            if each.on > last:
                yield f"Not seen by it: the series of {fields[name].label} breaks on {each.on}. {each.why}"
