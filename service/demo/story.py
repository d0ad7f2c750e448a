"""What has happened at the invented council: a November check, what came of it, and a January check under way."""

from __future__ import annotations

from typing import Any

from service.demo.calling import Callers
from service.demo.council import YEAR, Council

CAPACITY = 40


def tell(_council: Council, call: Callers) -> None:
    """The whole story, from the first check on."""
    open_check(call, "november")


def open_check(call: Callers, name: str, **more: Any) -> str:
    """Open a check of the invented year: its reference."""
    asked = {"academic_year": str(YEAR), "name": name, "capacity": CAPACITY, **more}
    ref: str = call("analyst", "POST", "/v1/checks", json=asked).json()["ref"]
    return ref
