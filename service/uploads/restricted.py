"""Pupils whose information is restricted (section 72): of them only who they are is kept, and that it is so.

Education and Skills Act 2008 s.72: where a parent, or from 16 the young person, has said so, a school gives the council
the name, address and date of birth only. What identifies the pupil between files, and the year group that says which
check is about them, stays with those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FLAG = "restricted_sharing"
KEPT = frozenset({
    "upn", "temporary_upn", "former_upn", "uln", "admission_number", "surname", "forename", "full_name",
    "middle_names", "preferred_name", "date_of_birth", "birth_month", "birth_precision", "school_name", "urn",
    "laestab", "year_group", "registration_status", "district", "home_authority", "leaving_date", FLAG, "restricted_by",
    "restricted_on",
})  # fmt: skip


def is_restricted(record: dict[str, Any]) -> bool:
    """Whether the information of a stored pupil is restricted."""
    return record["values"].get(FLAG) is True


def without_restricted(record: dict[str, Any]) -> dict[str, Any]:
    """The same pupil, without what may not be shared of them."""
    if not is_restricted(record):
        return record
    kept = {
        name: {key: value for key, value in record[name].items() if key in KEPT} for name in _PARTS if name in record
    }
    return {**record, **kept}


def as_restricted(record: Mapping[str, Any]) -> dict[str, Any]:
    """A pupil of whom another says that the information is restricted: the same is kept as if this roll said so."""
    return without_restricted({**record, "values": {**record["values"], FLAG: True}})


_PARTS = ("values", "origin", "given")
