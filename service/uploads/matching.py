"""Which pupil of the council each record of a roll is, by identifiers, never by name; where there is none, one is made.

By permanent UPN, a former UPN either way, temporary UPN, ULN, and the school's admission number, in that order. A UPN
that two pupils of one file share is nobody's. No two records are one pupil.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from service import tables as t
from service.among import among
from service.refs import new_ref

PERMANENT = re.compile(r"[A-Z]\d{12}")
TEMPORARY = re.compile(r"[A-Z]\d{11}[A-Z]")
ULN = re.compile(r"\d{10}")
BESIDE = ("subsidiary", "guest")  # such a registration makes no school the pupil's main one
CHUNK = 300  # identifiers in one question: SQLite takes a limited number of parameters

Record = Mapping[str, Any]
PUPIL = t.pupils.c


class Known(NamedTuple):
    """What is known of a pupil; all but the id may be changed by a record."""

    id: int
    key: str
    key_kind: str
    upn: str | None
    former_upn: str | None
    uln: str | None
    name: str
    search: str
    leavers: int | None
    school_id: int | None
    district: str | None
    home_authority: str | None
    restricted: bool


NOBODY = Known(0, "", "", None, None, None, "", "", None, None, None, None, False)  # whom a record is the first to name
KEPT = Known._fields[1:]
KNOWN = [PUPIL[name] for name in Known._fields]

_BY_ID = select(*KNOWN).where(among(PUPIL.id, "pupils"))
_CHANGE = update(t.pupils).where(PUPIL.id == bindparam("b_id"))
_SET_ASIDE = _CHANGE.values(key=bindparam("key"))
_WRITE = _CHANGE.values({name: bindparam(name) for name in KEPT})


class Identity(NamedTuple):
    """The identifiers of one record."""

    permanent: str | None
    temporary: str | None
    former: str | None
    uln: str | None
    key: str | None

    @property
    def upn(self) -> str | None:
        return self.permanent or self.temporary


def identify(record: Record, shared: bool) -> Identity:
    """The identifiers that count of a record; its UPN does not where two pupils of the file share it."""
    said = record["values"].get
    permanent = temporary = None
    for text in () if shared else (said("upn"), said("temporary_upn")):
        if text and permanent is None and PERMANENT.fullmatch(text):
            permanent = text
        elif text and temporary is None and TEMPORARY.fullmatch(text):
            temporary = text
    former, uln = said("former_upn"), said("uln")
    return Identity(
        permanent,
        temporary,
        former if former and (PERMANENT.fullmatch(former) or TEMPORARY.fullmatch(former)) else None,
        uln if uln and ULN.fullmatch(uln) else None,
        record["key"] if record["kind"] == "admission_number" else None,
    )


WAYS = (  # of the record, of the pupil
    ("permanent", "upn"), ("former", "upn"), ("permanent", "former_upn"), ("temporary", "upn"),
    ("temporary", "former_upn"), ("former", "former_upn"), ("uln", "uln"), ("key", "key"),
)  # fmt: skip


def find_pupils(
    connection: Connection, records: Sequence[Record], known: Sequence[int | None], cohort: Mapping[str, Any]
) -> list[Known | None]:
    """What is known of each record's pupil; None where there is none yet. `known` are ids where that is settled."""
    rows = {pupil.id: pupil for pupil in _by_id(connection, [number for number in known if number is not None])}
    found = [rows.get(number) if number is not None else None for number in known]
    rest = [place for place, pupil in enumerate(found) if pupil is None]
    if rest:
        shared = shared_places(cohort, records)
        who = [identify(records[place], place in shared) for place in rest]
        for place, pupil in zip(rest, _match(connection, who, set(rows)), strict=True):
            found[place] = pupil
    return found


def _by_id(connection: Connection, ids: Sequence[int]) -> Iterator[Known]:
    return map(Known._make, connection.execute(_BY_ID, {"pupils": ids}) if ids else ())


def _match(connection: Connection, who: Sequence[Identity], taken: set[int]) -> list[Known | None]:
    """For each the first pupil that nobody has taken, by one way of being the same after another."""
    known = _candidates(connection, who)
    found: list[Known | None] = [None] * len(who)
    for mine, theirs in WAYS if known else ():
        by_text = {getattr(pupil, theirs): pupil for pupil in known if getattr(pupil, theirs)}
        for place, identity in enumerate(who):
            pupil = by_text.get(getattr(identity, mine)) if found[place] is None else None
            if pupil is not None and pupil.id not in taken:
                found[place] = pupil
                taken.add(pupil.id)
    return found


def _candidates(connection: Connection, who: Iterable[Identity]) -> list[Known]:
    """Every pupil who shares an identifier with any of the records, by id."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for identity in who:
        for mine, theirs in WAYS:
            if text := getattr(identity, mine):
                wanted[theirs].add(text)
    rows: dict[int, Known] = {}
    for column, texts in wanted.items():
        for part in _chunks(sorted(texts)):
            query = select(*KNOWN).where(PUPIL[column].in_(part))
            rows.update((pupil.id, pupil) for pupil in map(Known._make, connection.execute(query)))
    return [rows[number] for number in sorted(rows)]


def _chunks(things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]


def shared_places(cohort: Mapping[str, Any], records: Sequence[Record]) -> set[int]:
    """The places of records whose UPN two pupils of the file share."""
    rows = {
        (cohort["files"].index(block["file"]), row)
        for block in cohort["problems"]
        if block["code"] == "upn_shared" and block["file"] in cohort["files"]
        for row in block["rows"] or ()
    }
    return {place for place, record in enumerate(records) if (record["file"], record["row"]) in rows}


def settle_pupils(
    connection: Connection,
    cohort: Mapping[str, Any],
    records: Sequence[Record],
    found: Sequence[Known | None],
    school_id: int | None,
    prefix: str,
    held: Collection[int] = (),
) -> list[int]:
    """The id of each record's pupil: those `found` brought up to date, the others made. `prefix` makes keys unique.

    Of those that are `held`, by id, what is known stays: another school's word counts.
    """
    shared = shared_places(cohort, records)
    taken = {pupil.key for pupil in found if pupil is not None}
    year = int(cohort["check"]["year"][:4])
    new, changed = [], []
    for place, (record, pupil) in enumerate(zip(records, found, strict=True)):
        key = _key(record, pupil, taken, f"row {record['row']}" if place in shared else None, prefix)
        row = _row(record, identify(record, place in shared), key, pupil or NOBODY, school_id, year)
        if pupil is None:
            new.append(row)
        elif row != pupil[1:] and pupil.id not in held:
            changed.append((pupil.id, row))
    _update(connection, changed)
    made = iter(_insert(connection, new))
    return [next(made) if pupil is None else pupil.id for pupil in found]


def _key(record: Record, pupil: Known | None, taken: set[str], shared: str | None, prefix: str) -> tuple[str, str]:
    """A pupil's key and its kind: of an identifier as it is, of a file and row with what makes it the only one."""
    key, kind = record["key"], record["kind"]
    another = key in taken and (pupil is None or pupil.key != key)
    if kind == "reference" or shared is not None or another:
        if pupil is not None:
            return pupil.key, pupil.key_kind
        return f"{prefix}/{shared or key}/{record['file']}", "reference"
    taken.add(key)
    return key, kind


def _row(
    record: Record, who: Identity, key: tuple[str, str], before: Known, school_id: int | None, year: int
) -> tuple[Any, ...]:
    """What `pupils` keeps of a record, as KEPT has it. What the record does not say stays as it was known."""
    said, upn, had = record["values"].get, who.upn, before.upn
    surname, legal, group = said("surname", ""), said("forename", ""), said("year_group")
    row = (
        *key,
        upn,
        had if had and upn and had != upn else who.former,
        who.uln,
        ", ".join(filter(None, (surname, legal))) or None,
        " ".join(f"{surname} {said('preferred_name') or legal} {legal}".casefold().split()) or None,
        year + 12 - group if group is not None else None,
        school_id if said("registration_status") not in BESIDE else None,
        said("district"),
        said("home_authority"),
        said("restricted_sharing"),
    )
    return tuple([old if new is None else new for new, old in zip(row, before[1:], strict=True)])


def _update(connection: Connection, rows: Sequence[tuple[int, tuple[Any, ...]]]) -> None:
    """Write those that differ. Keys that change are set aside first: two pupils may exchange theirs."""
    if not rows:
        return
    connection.execute(_SET_ASIDE, [{"b_id": pupil, "key": f"moving/{pupil}"} for pupil, _ in rows])
    connection.execute(_WRITE, [{"b_id": pupil, **dict(zip(KEPT, row, strict=True))} for pupil, row in rows])


def _insert(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[int]:
    if not rows:
        return []
    new = [{"ref": new_ref("pupil"), **dict(zip(KEPT, row, strict=True))} for row in rows]
    connection.execute(insert(t.pupils), new)
    ids: dict[str, int] = {}
    for part in _chunks([row["ref"] for row in new]):
        found = connection.execute(select(PUPIL.ref, PUPIL.id).where(PUPIL.ref.in_(part)))
        ids.update((row.ref, row.id) for row in found)
    return [ids[row["ref"]] for row in new]
