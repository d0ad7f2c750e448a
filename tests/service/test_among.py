"""However many ids are asked for at once, by value or as the parameter of a statement made once, on both databases."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from sqlalchemy import select

from service import tables as t
from service.access import Access
from service.among import among
from tests.service.conftest import Service

MANY = 100_000  # a database takes far fewer parameters
ONCE = select(t.schools.c.id).where(among(t.schools.c.id, "schools"))


@pytest.mark.parametrize("more", [(), range(10**6, 10**6 + MANY)], ids=["few", "many"])
def test_those_are_found_whose_ids_are_given(service: Service, more: Collection[int]) -> None:
    wanted = {service.schools["100001"], service.schools["100003"]}
    with service.database.read(Access.system()) as connection:
        by_value = connection.execute(select(t.schools.c.id).where(among(t.schools.c.id, [*wanted, *more]))).scalars()
        assert set(by_value) == wanted
        assert set(connection.execute(ONCE, {"schools": [*wanted, *more]}).scalars()) == wanted


def test_a_statement_made_once_is_asked_of_others_each_time(service: Service) -> None:
    with service.database.read(Access.system()) as connection:
        for given in (set(service.schools.values()), {service.schools["100002"]}, set[int]()):
            assert set(connection.execute(ONCE, {"schools": given}).scalars()) == given
