"""Whose row of a council list it is: by UPN, former UPN or ULN. Names and birth date only propose a pupil."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from service import tables as t

UPN, ULN = re.compile(r"[A-Z]\d{11}[A-Z\d]"), re.compile(r"\d{10}")
NOBODYS_ULN = "9999999999"  # stands for a learner without one
AT_ONCE = 400  # a database takes a limited number of parameters
MATCHED, PROPOSED, SEVERAL, UNMATCHED = "matched", "proposed", "several", "unmatched"
# Which identifier of the row against which of the pupil, in this order: the first that finds anybody decides.
WAYS = (
    ("upn", "upn"), ("upn", "former_upn"), ("temporary_upn", "upn"), ("former_upn", "upn"),
    ("former_upn", "former_upn"), ("uln", "uln"),
)  # fmt: skip

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """The state of a row, its pupil where it is matched, and the pupils it may be where a person must say."""

    state: str
    pupil: int | None = None
    may_be: tuple[int, ...] = ()


@dataclass(slots=True)
class _Known:
    """Pupils by what identifies them."""

    upn: dict[str, set[int]] = field(default_factory=dict)
    former_upn: dict[str, set[int]] = field(default_factory=dict)
    uln: dict[str, set[int]] = field(default_factory=dict)

    def add(self, row: Any) -> None:
        for name in ("upn", "former_upn", "uln"):
            if text := getattr(row, name):
                getattr(self, name).setdefault(text, set()).add(row.id)


def match_rows(connection: Connection, rows: Sequence[Values]) -> list[Match]:
    """For the values of each row of a list: whose it is among all pupils of the council."""
    known = _known(connection, rows)
    found = [_by_identifier(values, known) for values in rows]
    rest = [place for place, match in enumerate(found) if match.state == UNMATCHED]
    for place, match in zip(rest, _by_name(connection, [rows[place] for place in rest]), strict=True):
        found[place] = match
    return found


def identifiers(values: Values) -> dict[str, str]:
    """The well-formed identifiers of a row: a badly formed one makes nobody the same pupil."""
    found = {}
    for name in ("upn", "temporary_upn", "former_upn"):
        text = re.sub(r"[\s-]+", "", str(values.get(name) or "")).upper()
        if UPN.fullmatch(text):
            found[name] = text
    uln = re.sub(r"\s+", "", str(values.get("uln") or ""))
    if ULN.fullmatch(uln) and uln != NOBODYS_ULN:
        found["uln"] = uln
    return found


def _known(connection: Connection, rows: Iterable[Values]) -> _Known:
    each = [identifiers(values) for values in rows]
    upns = {text for said in each for name, text in said.items() if name != "uln"}
    ulns = {said["uln"] for said in each if "uln" in said}
    pupils, known = t.pupils.c, _Known()
    for part in _parts(upns):
        for row in _pupils(connection, or_(pupils.upn.in_(part), pupils.former_upn.in_(part))):
            known.add(row)
    for part in _parts(ulns):
        for row in _pupils(connection, pupils.uln.in_(part)):
            known.add(row)
    return known


def _pupils(connection: Connection, condition: ColumnElement[bool]) -> Iterable[Any]:
    pupils = t.pupils.c
    return connection.execute(select(pupils.id, pupils.upn, pupils.former_upn, pupils.uln).where(condition))


def _by_identifier(values: Values, known: _Known) -> Match:
    said = identifiers(values)
    for mine, theirs in WAYS:
        pupils = getattr(known, theirs).get(said.get(mine, ""), set())
        if len(pupils) == 1:
            return Match(MATCHED, next(iter(pupils)))
        if pupils:
            return Match(SEVERAL, None, tuple(sorted(pupils)))
    return Match(UNMATCHED)


def _by_name(connection: Connection, rows: Sequence[Values]) -> list[Match]:
    """Proposals: pupils of the same surname, forename and birth date."""
    wanted = [_person(values) for values in rows]
    among: dict[tuple[str, str], set[int]] = {}
    for pupil, values in _of_names(connection, {name for name, _ in filter(None, wanted)}):
        if person := _person(values):
            among.setdefault(person, set()).add(pupil)
    return [_proposal(among.get(person, set()) if person else set()) for person in wanted]


def _proposal(pupils: set[int]) -> Match:
    if not pupils:
        return Match(UNMATCHED)
    return Match(PROPOSED if len(pupils) == 1 else SEVERAL, None, tuple(sorted(pupils)))


def _person(values: Values) -> tuple[str, str] | None:
    """Names and birth date as one; None where one of them is not known."""
    surname, forename, born = (values.get(name) for name in ("surname", "forename", "date_of_birth"))
    return (f"{surname}, {forename}".casefold(), born) if surname and forename and born else None


def _of_names(connection: Connection, names: Iterable[str]) -> Iterator[tuple[int, Values]]:
    """Pupils of these names with what their rolls say of who they are."""
    roll = t.roll_pupils.c
    for part in _parts({text for name in names for text in _lowered(name)}):
        query = (
            select(roll.pupil_id, roll.record)
            .join(t.pupils, t.pupils.c.id == roll.pupil_id)
            .where(func.lower(t.pupils.c.name).in_(part), roll.live)
        )
        for pupil, record in connection.execute(query):
            yield pupil, record["values"]


def _lowered(name: str) -> Iterator[str]:
    """A name in lower case as databases make it: SQLite leaves letters as they are that are not in ASCII."""
    yield name.lower()
    yield "".join(letter.lower() if letter.isascii() else letter for letter in name.upper())


def _parts(texts: Iterable[str]) -> Iterator[list[str]]:
    whole = sorted(texts)
    return (whole[start : start + AT_ONCE] for start in range(0, len(whole), AT_ONCE))
