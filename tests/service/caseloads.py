"""A published check with a roll of invented pupils at two schools, and short ways to ask about them."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from roni import Cohort, load_scorecard
from service import tables as t
from tests.service.conftest import furnish, start, stop
from tests.service.rolls import add_check, fill, invented, register_rows

SECOND = 2
WHY = {"why": "no_plan", "reason": "No plan, and has stopped coming to form."}


@lru_cache(maxsize=8)
def roll(school: int, name: str = "november") -> Cohort:
    """Twelve pupils of a school who are there in November: some whom the card always includes, nobody restricted."""
    whole = invented(400, name=name, school=school)
    if name != "november":
        chosen = set(roll(school).keys.to_pylist())
        return whole.take(np.array([place for place, key in enumerate(whole.keys.to_pylist()) if key in chosen]))
    assessment = load_scorecard("roni").assess(whole)
    always = np.flatnonzero((assessment.inclusions > 0).any(axis=1))[:3]
    others = np.setdiff1d(
        np.flatnonzero(~assessment.restricted), np.flatnonzero((assessment.inclusions > 0).any(axis=1))
    )
    return whole.take(np.r_[always, others[: 12 - len(always)]])


@dataclass
class Checked:
    """The service, a check, and its register."""

    service: Any
    check_id: int
    ref: str

    def rows(self, view: str = "full") -> list[Any]:
        return register_rows(self.service, self.check_id, view)

    def row(self, pupil: str, view: str = "full") -> Any:
        return next(row for row in self.rows(view) if json.loads(row.line)["pupil"] == pupil)

    def line(self, pupil: str, view: str = "full") -> dict[str, Any]:
        return json.loads(self.row(pupil, view).line)

    def pupils(self, urn: str = "100001", **wanted: Any) -> list[str]:
        """Pupils of a school in the order of the register, with these values in their rows."""
        return [
            json.loads(row.line)["pupil"]
            for row in self.rows()
            if row.school_id == self.service.schools[urn]
            and all(getattr(row, name) == value for name, value in wanted.items())
        ]

    def ask(self, who: str, pupil: str, kind: str, band: str | None = None, **more: Any) -> Any:
        body = {"kind": kind, **WHY, **({"band": band} if band else {}), **more}
        return self.service.as_(who).post(f"/v1/checks/{self.ref}/pupils/{pupil}/moderations", json=body)

    def decide(self, who: str, moderation: str, decision: str, reason: str | None = "We have looked at it.") -> Any:
        body = {"decision": decision, **({"reason": reason} if reason else {})}
        return self.service.as_(who).patch(f"/v1/moderations/{moderation}", json=body)


def checked(service: Any, name: str = "november", **values: Any) -> Checked:
    """A published check with twelve pupils at each of two schools."""
    check_id = add_check(service, name, **values)
    fill(service, check_id, {"100001": roll(1, name), "100002": roll(SECOND, name)})
    with service.database.read() as connection:
        ref = connection.execute(select(t.checks.c.ref).where(t.checks.c.id == check_id)).scalar_one()
    return Checked(service, check_id, ref)


@cache
def _template() -> Checked:
    """One such check in a database of its own, which is closed: to be copied."""
    made = checked(furnish(start(f"sqlite:///{_folder() / 'roni.db'}")))
    stop(made.service)
    return made


@cache
def _template_of_two() -> tuple[Checked, Checked]:
    """The same, and January after it."""
    service = furnish(start(f"sqlite:///{_folder() / 'roni.db'}"))
    november = checked(service)
    january = checked(service, "january", earlier_id=november.check_id)
    stop(service)
    return november, january


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="roni-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def fresh(folder: Path, start_service: Callable[..., Any]) -> Checked:
    """The same on a copy of a database that was made once: most of the time of a test is the making."""
    made = _template()
    return Checked(_copied(made.service, folder, start_service), made.check_id, made.ref)


def fresh_two(folder: Path, start_service: Callable[..., Any]) -> tuple[Checked, Checked]:
    """November, and January after it, on such a copy."""
    november, january = _template_of_two()
    service = _copied(november.service, folder, start_service)
    return tuple(Checked(service, made.check_id, made.ref) for made in (november, january))  # type: ignore[return-value]


def _copied(made: Any, folder: Path, start_service: Callable[..., Any]) -> Any:
    shutil.copy(made.settings.database_url.removeprefix("sqlite:///"), folder / "roni.db")
    service = start_service(f"sqlite:///{folder / 'roni.db'}")
    service.schools, service.tokens, service.people = (dict(each) for each in (made.schools, made.tokens, made.people))
    return service


def events(service: Any, action: str) -> list[Any]:
    """What the audit says of an action."""
    with service.database.read() as connection:
        return list(connection.execute(select(t.audit_events).where(t.audit_events.c.action == action)))


def person(service: Any, who: str) -> str:
    """The reference of one of the people."""
    with service.database.read() as connection:
        return connection.execute(select(t.people.c.ref).where(t.people.c.id == service.people[who])).scalar_one()
