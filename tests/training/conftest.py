"""What the tests of training share."""

from __future__ import annotations

import pytest

from tests.leavers import Leavers, invented_leavers


@pytest.fixture(scope="session")
def leavers() -> Leavers:
    return invented_leavers()
