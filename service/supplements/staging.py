"""A council list comes in: read apart from the service, its rows matched, nothing of it live yet."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, insert, select

from roni import ListedPupils
from service import audit
from service import tables as t
from service.access import TEAMS, Access
from service.problems import Refusal
from service.refs import new_ref
from service.settings import Settings
from service.supplements import said
from service.supplements.matching import MATCHED, SEVERAL, Match, match_rows
from service.supplements.reading import KIND
from service.uploads.reading import readers_of, working_folder

RESTRICTED = "restricted"
LIVE, STAGED, SUPERSEDED = "live", "staged", "superseded"
ROWS_SHOWN = 200  # of one problem
CHUNK = 1024 * 1024
SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".xml", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a caller says of a list."""

    team: str
    field: str | None
    as_at: date
    complete: bool
    years: tuple[int, ...]
    name: str
    file_name: str

    @property
    def values(self) -> dict[str, Any]:
        """As the row of the list has them."""
        return {
            "team": self.team,
            "field": self.field,
            "as_at": self.as_at,
            "complete": self.complete,
            "years": list(self.years),
            "name": self.name,
        }


def receive(settings: Settings, file: BinaryIO, asked: Asked, check: Any) -> tuple[str, dict[str, Any]]:
    """The digest of a file and what it says (`ListedPupils.to_dict()`), read in a process of its own."""
    with working_folder() as folder:
        suffix = Path(asked.file_name).suffix.lower()
        path = folder / f"list{suffix if suffix in SUFFIXES else ''}"
        digest = _keep(file, path, settings.upload_bytes)
        job = {**asked.values, "kind": KIND, "as_at": asked.as_at.isoformat(), **_calendar(check)}
        result = readers_of(settings).read(job, path, settings.upload_seconds)
    if "refused" in result:
        raise Refusal(422, result["refused"]["code"], result["refused"]["sentence"])
    return digest, result["listed"]


def _keep(file: BinaryIO, path: Path, most: int) -> str:
    with path.open("xb") as kept:
        shutil.copyfileobj(file, kept, CHUNK)
        size = kept.tell()
    if size > most:
        raise Refusal(413, "too_big", "The file is too big. Send only the pupils and columns that were asked for.")
    if size == 0:
        raise Refusal(422, "empty", "The file is empty. Send it again.")
    with path.open("rb") as kept:
        found = sha256()
        while chunk := kept.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _calendar(check: Any) -> dict[str, Any]:
    """The check by whose year ages and year groups are understood."""
    if check is None:
        return {"check": None, "year": None}
    from roni import AcademicYear

    return {"check": check.name, "year": str(AcademicYear(check.year))}


def same_list(connection: Connection, asked: Asked, digest: str) -> str | None:
    """The reference of the same file said to be the same list, where it is staged or live."""
    lists = t.supplements.c
    query = select(t.supplements).where(
        lists.file_digest == digest, lists.team == asked.team, lists.state.in_((STAGED, LIVE))
    )
    for row in connection.execute(query.order_by(lists.id.desc())):
        if all(getattr(row, name) == value for name, value in asked.values.items() if name != "name"):
            return str(row.ref)
    return None


def stage(connection: Connection, access: Access, asked: Asked, digest: str, listed: Mapping[str, Any]) -> str:
    """Store a list that was read; returns its reference."""
    allowed = said.allowed_fields(access, asked.team)
    kept, left_out = said.only_allowed(listed, allowed)
    fields = said.stated_fields(kept)
    if not fields:
        raise Refusal(
            422,
            "says_nothing",
            "The list says nothing that your team’s lists may say. State what being on it means (“field”).",
        )
    rows = kept.pop("rows")
    ref = new_ref("supplement")
    connection.execute(
        insert(t.supplements).values(
            **asked.values,
            ref=ref,
            by_id=access.person_id,
            state=STAGED,
            file_name=asked.file_name,
            file_digest=digest,
            fields=fields,
            listed={**kept, "columns": [name for name in kept["columns"] if name != said.RESTRICTED]},
            account=account_of(listed, kept, len(rows), left_out),
        )
    )
    made = select(t.supplements.c.id).where(t.supplements.c.ref == ref)
    supplement_id = int(connection.execute(made).scalar_one())
    states = _store_rows(connection, supplement_id, rows)
    audit.record(connection, access, "supplement.stage", about=ref, detail={"team": asked.team, "rows": states})
    return ref


def _store_rows(connection: Connection, supplement_id: int, rows: list[dict[str, Any]]) -> dict[str, int]:
    matches = match_rows(connection, [row["values"] for row in rows])
    hidden = _restricted(connection, {match.pupil for match in matches if match.pupil is not None})
    stored = [_stored(row, match, hidden) for row, match in zip(rows, matches, strict=True)]
    if stored:
        connection.execute(
            insert(t.supplement_rows), [{**row, "supplement_id": supplement_id, "reason": None} for row in stored]
        )
    return dict(Counter(row["state"] for row in stored))


def _restricted(connection: Connection, pupils: set[int]) -> set[int]:
    """Those whose information is restricted (s.72): nothing that a list says of them is kept."""
    found = connection.execute(select(t.pupils.c.id).where(t.pupils.c.restricted)).scalars()
    return pupils.intersection(found)


def _stored(row: Mapping[str, Any], match: Match, hidden: set[int]) -> dict[str, Any]:
    values = dict(row["values"])
    record = {"row": row["row"], "file": row["file"], "values": values}
    if values.pop(said.RESTRICTED, None) is True or match.pupil in hidden:
        return _row(RESTRICTED, {**record, "values": {}})
    proposed = match.may_be[0] if len(match.may_be) == 1 and match.state not in (MATCHED, SEVERAL) else None
    return _row(match.state, record, match.pupil, proposed)


def _row(state: str, record: dict[str, Any], pupil: int | None = None, proposed: int | None = None) -> dict[str, Any]:
    return {"row": record["row"], "state": state, "record": record, "pupil_id": pupil, "proposed_id": proposed}


def account_of(listed: Mapping[str, Any], kept: Mapping[str, Any], rows: int, left_out: list[str]) -> dict[str, Any]:
    """What became of the file: every row accounted for, every problem in a sentence, never a value."""
    not_kept = Counter(item["code"] for item in listed["not_kept"])
    problems = ListedPupils.from_dict({**listed, "problems": kept["problems"]}).problems
    return {
        "rows": rows + len(listed["not_kept"]),
        "kept": rows,
        "not_kept": [{"code": code, "count": count} for code, count in sorted(not_kept.items())],
        "left_out": left_out,
        "problems": [
            {
                "code": block.code,
                "message": next(iter(block)).message,
                "column": block.column,
                "rows": None if block.rows is None else block.rows.tolist()[:ROWS_SHOWN],
            }
            for block in problems.blocks
            if len(block)
        ],
        "readings": [
            {name: item[name] for name in ("heading", "field", "reading", "state")}
            for item in kept["readings"]
            if item["state"] != "absent"
        ],
    }


def team_label(team: str) -> str:
    return TEAMS[team][0]
