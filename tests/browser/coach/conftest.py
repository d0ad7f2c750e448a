"""A council with two checks of three schools, and its coach of the north, for all tests of what coaches do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.service import Live
    from tests.browser.visitor import Visitor

ON_CASELOAD = 6


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two checks of three schools; in January a pupil has left. The coach of the north has six pupils."""
    pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")
    import numpy as np

    from tests.service.conftest import furnish, start, stop
    from tests.service.rolls import add_check, fill, invented

    service = furnish(start(f"sqlite:///{tmp_path_factory.mktemp('coach') / 'roni.db'}"))
    november = add_check(service)
    rolls = {urn: invented(36, school=place) for place, urn in enumerate(service.schools)}
    fill(service, november, rolls)
    january = add_check(service, "january", earlier_id=november)
    first, second = (invented(36, name="january", school=place) for place in (0, 1))
    known, carers = np.full(len(first), 0, np.int8), np.array(first.column("young_carer"), np.int8)
    known[:8] = 1
    carers[::2] = 0  # not known: what a coach can ask the school about
    first = dataclasses.replace(first, columns={**first.columns, "youth_justice": known, "young_carer": carers})
    gone = first.keys.to_pylist()[0]
    fill(service, january, {"100001": first, "100002": second.take(np.arange(3, len(second)))}, left={gone: {}})
    with service.database.write() as connection:
        _assign(connection, service, _ranked(service, january)[:ON_CASELOAD])
    stop(service)
    return service


def _ranked(service: Any, check: int) -> list[int]:
    from tests.service.rolls import register_rows

    schools = {service.schools["100001"], service.schools["100002"]}
    return [
        row.pupil_id for row in register_rows(service, check) if row.section == "ranked" and row.school_id in schools
    ]


def _assign(connection: Any, service: Any, pupils: list[int]) -> None:
    from sqlalchemy import insert

    from service import tables as t

    coach = service.people["coach"]
    rows = [{"pupil_id": pupil, "coach_id": coach, "by_id": coach, "reason": "First on the list."} for pupil in pupils]
    connection.execute(insert(t.assignments), rows)


@pytest.fixture(scope="module")
def council(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The same as it was made, for the tests of one file."""
    from tests.service.conftest import become, start, stop

    url = f"sqlite:///{tmp_path_factory.mktemp('council') / 'roni.db'}"
    service = start(url, council="Bexford", demo=True)
    become(service, made)
    yield service
    stop(service)


@pytest.fixture(scope="module")
def live_address(council: Any, live_server: Callable[[Any], str]) -> str:
    return live_server(council.app)


@pytest.fixture
def live(council: Any, live_address: str, visit: Callable[..., Visitor]) -> Live:
    from tests.browser.service import Live

    return Live(council, live_address, visit)


@pytest.fixture
def coach(live: Live) -> Visitor:
    return live.as_("coach", accept_downloads=True)


@pytest.fixture
def january(council: Any) -> str:
    """The reference of the later check."""
    return _ref(council, "january")


@pytest.fixture
def november(council: Any) -> str:
    return _ref(council, "november")


def _ref(council: Any, name: str) -> str:
    from sqlalchemy import select

    from service import tables as t

    with council.database.read() as connection:
        return str(connection.execute(select(t.checks.c.ref).where(t.checks.c.name == name)).scalar_one())
