"""A text comes as its bytes in UTF-8, whatever is in it, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import literal, select

from service.access import Access
from service.octets import octets
from tests.service.conftest import Service


@pytest.mark.parametrize("text", ["", "Ash", "Zoë’s “A” \\ \\x41 'b'", '{"name":"Łucja","mark":"🙂"}'])
def test_the_bytes_are_those_of_the_text(service: Service, text: str) -> None:
    with service.database.read(Access.system()) as connection:
        assert connection.execute(select(octets(literal(text)))).scalar_one() == text.encode()
