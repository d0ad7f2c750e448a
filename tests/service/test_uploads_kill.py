"""A confirmation killed at any instant is wholly there or wholly not: the roll, its register and its audit.

`RONI_KILLS=500` kills more often.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from service import audit
from service import tables as t
from service.access import FULL
from service.database import lock_rolls
from tests.service.uploading import open_check, pupil, staged

KILLS = int(os.environ.get("RONI_KILLS", "25"))
PUPILS = 8


class Confirming:
    """The process that confirms."""

    def __init__(self, service: Any) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.service.confirming"]
        self.process = subprocess.Popen(
            [*command, service.settings.database_url, service.tokens["returns"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def confirm(self, upload: dict[str, Any], kill_after: float | None = None) -> tuple[int, float]:
        """Confirm an upload, or be killed at it: how it ended, and after how long."""
        self._say(f"{upload['ref']} {upload['version']}")
        number = int(self._line())
        started = time.perf_counter()
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(number, signal.SIGKILL)
        self._say("how?")
        return int(self._line()), time.perf_counter() - started

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def confirming(service) -> Iterator[Confirming]:
    made = Confirming(service)
    yield made
    made.close()


def test_a_confirmation_killed_at_any_instant_is_there_wholly_or_not_at_all(service, confirming) -> None:
    chance = random.Random(20261121)
    check = open_check(service)
    (ended, reach), *_ = [confirming.confirm(_staged(service, check, number)) for number in range(2)][::-1]
    assert ended == 0
    done = 0
    for number in range(KILLS):
        upload = _staged(service, check, 2 + number)
        before = _live(service)
        ended, _ = confirming.confirm(upload, chance.uniform(0, reach))
        assert ended in (-signal.SIGKILL, 0)
        with service.database.write() as connection:
            lock_rolls(connection)  # the server may still be at what the killed process asked for last
        was_done = _whole_or_not_at_all(service, upload, before)
        done += was_done
        reach *= 0.9 if was_done else 1.15  # so that about half the kills come too late, however busy the machine is
    assert 0 < done < KILLS or KILLS < 20


def _staged(service: Any, check: str, number: int) -> dict[str, Any]:
    """A roll unlike the one before."""
    return dict(
        staged(service, check, [pupil(each, **{"Attendance %": 50 + number % 50}) for each in range(1, PUPILS + 1)])
    )


def _live(service: Any) -> Any:
    """The roll that counts."""
    with service.database.read() as connection:
        return connection.execute(select(t.submissions).where(t.submissions.c.live)).one()


def _whole_or_not_at_all(service: Any, upload: dict[str, Any], before: Any) -> bool:
    with service.database.read() as connection:
        row = connection.execute(select(t.uploads).where(t.uploads.c.ref == upload["ref"])).one()
        live = connection.execute(select(t.submissions).where(t.submissions.c.live)).one()
        rolls = t.roll_pupils.c
        on_roll = connection.execute(select(rolls.submission_id, rolls.place).where(rolls.live)).all()
        lines = connection.execute(select(func.count()).select_from(t.register_rows)).scalar()
        (owed,) = connection.execute(select(t.registers.c.owed).where(t.registers.c.view == FULL)).scalars()
        events = _events(connection, live.ref)
        kept = connection.execute(select(func.count()).select_from(t.upload_files)).scalar()
        signed = connection.execute(
            select(t.check_schools.c.submission_id).where(t.check_schools.c.school_id == live.school_id)
        ).scalar()
        assert audit.first_break(connection) is None
    confirmed = row.state == "confirmed"
    assert (live.upload_id == row.id) is confirmed
    assert confirmed or (row.state, live.id, kept) == ("staged", before.id, 1)
    assert {entry.submission_id for entry in on_roll} == {live.id}
    assert (len(on_roll), lines, signed, events) == (PUPILS, PUPILS, live.id, 1)
    assert len(owed) == PUPILS  # to the narrower views, of which nobody has read any
    assert live.receipt["on_roll"] == PUPILS
    return confirmed


def _events(connection: Any, ref: str) -> int:
    mine = (t.audit_events.c.action == "roll.confirm", t.audit_events.c.about == ref)
    return int(connection.execute(select(func.count()).select_from(t.audit_events).where(*mine)).scalar_one())
