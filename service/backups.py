"""Backups: one file of the whole database, checked when it is made; restored only where nothing is; and verified.

The key of tokens and sessions (the file beside an SQLite database, or RONI_SECRET) is not in a backup: whoever holds
the backup alone cannot forge either. Keep it elsewhere. Without it people sign in again and make new tokens.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, inspect, make_url, select

from roni import RoniError
from service import audit
from service import tables as t
from service.access import Access
from service.among import among
from service.database import Database
from service.settings import SQLITE

OWNER_ONLY = 0o600
LEFT_BEHIND = ("-wal", "-journal")  # SQLite would take them for part of the restored file
PG_TIMEOUT = 6 * 60 * 60  # seconds


@dataclass(frozen=True, slots=True)
class Findings:
    """What verifying a database found; whole where there are no faults."""

    events: int
    last_hash: str  # of the audit: noted elsewhere, it shows later whether the end was cut off
    registers: tuple[tuple[str, str, int], ...]  # check, view, rows
    faults: tuple[str, ...]


def backup(url: str, file: Path) -> None:
    """Write the database to a new file, and check it. Raises RoniError where that cannot be done."""
    if file.exists():
        raise RoniError(f"“{file}” is there already, and is not replaced. Give another name.")
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        _backup_sqlite(_path(url), unfinished) if url.startswith(SQLITE) else _backup_postgresql(url, unfinished)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Put a backup into a database where nothing is yet. Raises RoniError where something is."""
    if not file.is_file():
        raise RoniError(f"“{file}” is not there.")
    if url.startswith(SQLITE):
        _restore_sqlite(file, _path(url))
    else:
        _restore_postgresql(url, file)


def verify(database: Database) -> Findings:
    """Look whether the database is whole: its own checks, every event of the audit, and every register's rows."""
    faults = list(_own_checks(database))
    with database.read(Access.system()) as connection:
        broken = audit.first_break(connection)
        if broken is not None:
            faults.append(f"The audit is not what was written, from event {broken} on.")
        rows = t.register_rows.c
        counts = connection.execute(
            select(t.registers.c.id, t.checks.c.label, t.registers.c.view, func.count(rows.id))
            .join(t.checks, t.checks.c.id == t.registers.c.check_id)
            .outerjoin(t.register_rows, rows.register_id == t.registers.c.id)
            .where(t.registers.c.beside.is_(False))
            .group_by(t.registers.c.id, t.checks.c.label, t.registers.c.view)
            .order_by(t.registers.c.id)
        ).all()
        owed = _owed(connection)
        last = connection.execute(
            select(t.audit_events.c.id, t.audit_events.c.hash).order_by(t.audit_events.c.id.desc()).limit(1)
        ).first()
        events = connection.execute(select(func.count()).select_from(t.audit_events)).scalar_one()
    made: dict[str, set[int]] = {}
    for register, label, _, number in counts:
        made.setdefault(label, set()).add(number - owed.get(register, 0))
    faults += [
        f"The registers of {label} do not hold the same number of pupils."
        for label, numbers in made.items()
        if len(numbers) > 1
    ]
    registers = tuple((label, view, number) for _, label, view, number in counts)
    return Findings(events, last.hash if last else audit.FIRST, registers, tuple(faults))


def _owed(connection: Connection) -> dict[int, int]:
    """By register how many rows are of pupils whose lines the check's narrower views are owed (registers/owed.py)."""
    whole, register, row = t.registers.alias("whole"), t.registers.c, t.register_rows.c
    owing = connection.execute(
        select(register.id, whole.c.owed)
        .join(whole, whole.c.check_id == register.check_id)
        .where(whole.c.owed.is_not(None), whole.c.beside.is_(False), register.beside.is_(False))
    ).all()
    count = select(func.count()).select_from(t.register_rows)
    return {
        number: connection.execute(count.where(row.register_id == number, among(row.pupil_id, pupils))).scalar_one()
        for number, pupils in owing
    }


def _own_checks(database: Database) -> list[str]:
    """What the database says of itself; PostgreSQL by reading every table to its end."""
    with database.read(Access.system()) as connection:
        if not database.sqlite:
            for table in t.metadata.sorted_tables:
                connection.execute(select(func.count()).select_from(table))
            return []
        said = connection.exec_driver_sql("pragma integrity_check").scalars().all()
        keys = connection.exec_driver_sql("pragma foreign_key_check").all()
    faults = [] if said == ["ok"] else ["The file of the database is damaged."]
    return faults + (["Some rows belong to rows that are not there."] if keys else [])


def _path(url: str) -> Path:
    return Path(url.removeprefix(SQLITE))


def _backup_sqlite(database: Path, file: Path) -> None:
    if not database.is_file():
        raise RoniError(f"“{database}” is not there, so there is nothing to back up.")
    file.touch(OWNER_ONLY, exist_ok=False)
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("vacuum into ?", [str(file)])
    except sqlite3.Error as error:
        raise RoniError(f"The backup cannot be written ({error}). Is there room on the disk?") from None
    _require_whole(file)


def _require_whole(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            whole = connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            ours = connection.execute("select 1 from sqlite_master where name = 'audit_events'").fetchone()
    except sqlite3.Error:
        whole, ours = False, None
    if not whole or ours is None:
        raise RoniError(f"“{file}” is not a whole backup of this service.")


def _restore_sqlite(file: Path, database: Path) -> None:
    _require_whole(file)
    if database.exists():
        raise RoniError(f"“{database}” is there already, and is not replaced. Move it away first.")
    if any(database.with_name(database.name + end).exists() for end in LEFT_BEHIND):
        raise RoniError(
            f"Beside “{database}” stands what an earlier database left (-wal or -journal). Move it away first."
        )
    unfinished = database.with_name(database.name + ".unfinished")
    try:
        shutil.copyfile(file, unfinished)
        unfinished.chmod(OWNER_ONLY)
        os.link(unfinished, database)  # unlike a rename, refuses to replace what has come meanwhile
    finally:
        unfinished.unlink(missing_ok=True)


def _backup_postgresql(url: str, file: Path) -> None:
    file.touch(OWNER_ONLY, exist_ok=False)
    whole = "--enable-row-security"  # with what _run says of the transaction: every row, whoever the role is
    _run("pg_dump", url, whole, "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")
    _run("pg_restore", None, "--list", str(file))


def _restore_postgresql(url: str, file: Path) -> None:
    database = Database(url)
    try:
        with database.read() as connection:
            if inspect(connection).get_table_names():
                raise RoniError(
                    "There are tables in this database already, and nothing is replaced. Make an empty one."
                )
    finally:
        database.dispose()
    _run("pg_restore", url, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(file))


def _run(program: str, url: str | None, *arguments: str) -> None:
    """Run a program of PostgreSQL's; the password goes by the environment, where other people cannot list it."""
    found = shutil.which(program)
    if found is None:
        raise RoniError(f"This needs PostgreSQL’s own {program}, of the server’s version or later. Install it first.")
    environment, where = {**os.environ, "PGOPTIONS": "-c roni.everything=on"}, []
    if url is not None:
        made = make_url(url)
        if made.password is not None:
            environment["PGPASSWORD"] = str(made.password)
        plain = made.set(drivername="postgresql")._replace(password=None).render_as_string(hide_password=False)
        where = [f"--dbname={plain}"]
    done = subprocess.run(
        [found, *where, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=PG_TIMEOUT
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()
        raise RoniError(f"{program} could not do it: {reason[0] if reason else 'it gave no reason'}")
