"""Which fields come from which: what lies upstream and downstream of a field by the routes that fields declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from roni.fields import Dictionary


def downstream(fields: Dictionary, names: Iterable[str]) -> set[str]:
    """These fields, and every one that may be worked out from them, directly or by way of others."""
    return _reached(names, fields.once("fed by a field", _fed))


def upstream(fields: Dictionary, names: Iterable[str]) -> set[str]:
    """These fields, and every one that they can come from, directly or by way of others."""
    return _reached(names, fields.once("sources of a field", _sources))


def _reached(names: Iterable[str], further: Mapping[str, set[str]]) -> set[str]:
    found = set(names)
    ahead = list(found)
    while ahead:
        new = further.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def _sources(fields: Dictionary) -> dict[str, set[str]]:
    return {item.name: {name for way in item.routes for name in way.inputs} for item in fields.values()}


def _fed(fields: Dictionary) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for fed, sources in _sources(fields).items():
        for name in sources:
            found.setdefault(name, set()).add(fed)
    return found
