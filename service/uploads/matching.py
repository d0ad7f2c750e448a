"""Which pupil of the council each record of a roll is, by identifiers, never by name; where there is none, one is made.

By permanent UPN, a former UPN either way, temporary UPN, ULN, and the school's admission number, in that order. A UPN
that two pupils of one file share is nobody's. No two records are one pupil.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from service import tables as t
from service.among import among
from service.refs import new_ref

PERMANENT = re.compile(r"[A-Z]\d{12}")
TEMPORARY = re.compile(r"[A-Z]\d{11}[A-Z]")
CHUNK = 300  # identifiers in one question: SQLite takes a limited number of parameters

Record = Mapping[str, Any]
PUPIL = t.pupils.c  # what a record is matched by, and what it may change
KNOWN = (
    PUPIL.id, PUPIL.key, PUPIL.key_kind, PUPIL.upn, PUPIL.former_upn, PUPIL.uln, PUPIL.name, PUPIL.search,
    PUPIL.leavers, PUPIL.school_id, PUPIL.district, PUPIL.home_authority, PUPIL.restricted,
)  # fmt: skip


class Identity:
    """The identifiers of one record."""

    def __init__(self, record: Record, shared: bool) -> None:
        values = record["values"]
        upns = [] if shared else [values.get("upn"), values.get("temporary_upn")]
        self.permanent = _first(PERMANENT, upns)
        self.temporary = _first(TEMPORARY, upns)
        former = values.get("former_upn") or ""
        self.former = former if PERMANENT.fullmatch(former) or TEMPORARY.fullmatch(former) else None
        self.uln = values.get("uln") if re.fullmatch(r"\d{10}", values.get("uln") or "") else None
        self.key = record["key"] if record["kind"] == "admission_number" else None

    @property
    def upn(self) -> str | None:
        return self.permanent or self.temporary


def _first(form: re.Pattern[str], texts: Iterable[str | None]) -> str | None:
    return next((text for text in texts if text and form.fullmatch(text)), None)


WAYS = (  # of the record, of the pupil
    ("permanent", "upn"), ("former", "upn"), ("permanent", "former_upn"), ("temporary", "upn"),
    ("temporary", "former_upn"), ("former", "former_upn"), ("uln", "uln"), ("key", "key"),
)  # fmt: skip


def find_pupils(
    connection: Connection, records: Sequence[Record], known: Sequence[int | None], cohort: Mapping[str, Any]
) -> list[Any | None]:
    """What is KNOWN of each record's pupil; None where there is none yet. `known` are ids where that is settled."""
    rows = {row.id: row for row in _by_id(connection, [number for number in known if number is not None])}
    found = [rows.get(number) if number is not None else None for number in known]
    rest = [place for place, pupil in enumerate(found) if pupil is None]
    if rest:
        shared = shared_places(cohort, records)
        who = [Identity(records[place], place in shared) for place in rest]
        for place, pupil in zip(rest, _match(connection, who, set(rows)), strict=True):
            found[place] = pupil
    return found


def _by_id(connection: Connection, ids: Sequence[int]) -> Iterator[Any]:
    if ids:
        yield from connection.execute(select(*KNOWN).where(among(PUPIL.id, ids)))


def _match(connection: Connection, who: Sequence[Identity], taken: set[int]) -> list[Any | None]:
    """For each the first pupil that nobody has taken, by one way of being the same after another."""
    known = _candidates(connection, who)
    found: list[Any | None] = [None] * len(who)
    for mine, theirs in WAYS if known else ():
        by_text = {getattr(pupil, theirs): pupil for pupil in known if getattr(pupil, theirs)}
        for place, identity in enumerate(who):
            pupil = by_text.get(getattr(identity, mine)) if found[place] is None else None
            if pupil is not None and pupil.id not in taken:
                found[place] = pupil
                taken.add(pupil.id)
    return found


def _candidates(connection: Connection, who: Iterable[Identity]) -> list[Any]:
    """Every pupil who shares an identifier with any of the records, by id."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for identity in who:
        for mine, theirs in WAYS:
            if text := getattr(identity, mine):
                wanted[theirs].add(text)
    rows: dict[int, Any] = {}
    for column, texts in wanted.items():
        for part in _chunks(sorted(texts)):
            query = select(*KNOWN).where(PUPIL[column].in_(part))
            rows.update((row.id, row) for row in connection.execute(query))
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
    school_id: int | None,
    prefix: str,
    known: Sequence[int | None] | None = None,
    held: Callable[[Mapping[int, Record]], Collection[int]] = lambda _: (),
) -> list[int]:
    """The id of each record's pupil: those known brought up to date, the others made. `prefix` makes keys unique.

    Of those that are `held`, by id with their records, what is known stays: another school's word counts.
    """
    shared = shared_places(cohort, records)
    found = find_pupils(connection, records, known or [None] * len(records), cohort)
    new, changed, ids = [], [], []
    taken = {pupil.key for pupil in found if pupil is not None}
    year = int(cohort["check"]["year"][:4])
    theirs = held({pupil.id: record for record, pupil in zip(records, found, strict=True) if pupil is not None})
    for place, (record, pupil) in enumerate(zip(records, found, strict=True)):
        row = _row(record, Identity(record, place in shared), pupil, school_id, year)
        row |= _key(record, pupil, taken, None if place not in shared else f"row {record['row']}", prefix)
        if pupil is not None and pupil.id in theirs:
            row = {name: getattr(pupil, name) for name in row}
        if pupil is not None:
            changed.append({"b_id": pupil.id, **row})
            ids.append(pupil.id)
        else:
            new.append({"ref": new_ref("pupil"), **row})
            ids.append(len(new) * -1)
    _update(connection, changed, {pupil.id: pupil for pupil in found if pupil is not None})
    made = _insert(connection, new)
    return [number if number > 0 else made[-number - 1] for number in ids]


def _key(record: Record, pupil: Any | None, taken: set[str], shared: str | None, prefix: str) -> dict[str, str]:
    """A pupil's key: of an identifier as it is, of a file and row with what makes it the only one."""
    another = record["key"] in taken and (pupil is None or pupil.key != record["key"])
    if record["kind"] == "reference" or shared is not None or another:
        if pupil is not None:
            return {"key": pupil.key, "key_kind": pupil.key_kind}
        return {"key": f"{prefix}/{shared or record['key']}/{record['file']}", "key_kind": "reference"}
    taken.add(record["key"])
    return {"key": record["key"], "key_kind": record["kind"]}


def _row(record: Record, who: Identity, pupil: Any | None, school_id: int | None, year: int) -> dict[str, Any]:
    """What `pupils` keeps of a record. What the record does not say stays as it was known."""
    values = record["values"]
    surname, forename = values.get("surname", ""), values.get("preferred_name") or values.get("forename", "")
    legal = values.get("forename", "")
    group = values.get("year_group")
    former = who.former
    if pupil is not None and pupil.upn and who.upn and pupil.upn != who.upn:
        former = pupil.upn
    said = {
        "upn": who.upn,
        "former_upn": former,
        "uln": who.uln,
        "name": ", ".join(part for part in (surname, legal) if part) or None,
        "search": " ".join(f"{surname} {forename} {legal}".casefold().split()) or None,
        "leavers": year + 12 - group if group is not None else None,
        "school_id": school_id if values.get("registration_status") not in ("subsidiary", "guest") else None,
        "district": values.get("district"),
        "home_authority": values.get("home_authority"),
    }
    before = {name: getattr(pupil, name) if pupil is not None else _EMPTY.get(name) for name in said}
    row = {name: before[name] if value is None else value for name, value in said.items()}
    said_now, stood = values.get("restricted_sharing"), pupil is not None and pupil.restricted
    return {**row, "restricted": stood if said_now is None else said_now}


_EMPTY = {"name": "", "search": ""}


def _update(connection: Connection, rows: Sequence[dict[str, Any]], before: Mapping[int, Any]) -> None:
    """Write those that differ. Keys that change are set aside first: two pupils may exchange theirs."""
    differing = [
        row
        for row in rows
        if any(getattr(before[row["b_id"]], name) != value for name, value in row.items() if name != "b_id")
    ]
    if not differing:
        return
    moving = [{"b_id": row["b_id"], "key": f"moving/{row['b_id']}"} for row in differing]
    statement = update(t.pupils).where(t.pupils.c.id == bindparam("b_id"))
    connection.execute(statement.values(key=bindparam("key")), moving)
    names = [name for name in differing[0] if name != "b_id"]
    connection.execute(statement.values({name: bindparam(name) for name in names}), differing)


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    connection.execute(insert(t.pupils), list(rows))
    ids: dict[str, int] = {}
    for part in _chunks([row["ref"] for row in rows]):
        found = connection.execute(select(t.pupils.c.ref, t.pupils.c.id).where(t.pupils.c.ref.in_(part)))
        ids.update((row.ref, row.id) for row in found)
    return [ids[row["ref"]] for row in rows]
