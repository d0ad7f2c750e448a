"""Where in what was sent something is wrong, said in names of our own: a key that somebody chose may be a child's."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

PARTS = frozenset({"body", "query", "path", "header", "cookie", "file", "form", "[key]"})
SOMETHING = "?"  # a name that is not ours


def place(endpoint: Any, where: Sequence[str | int]) -> str:
    """A place in a request, for example "body.leavers.?.to"."""
    ours = _names(endpoint) | PARTS
    return ".".join(str(part) if isinstance(part, int) or part in ours else SOMETHING for part in where)


@lru_cache(maxsize=1000)
def _names(endpoint: Any) -> frozenset[str]:
    """What a handler takes: its parameters, and the fields of every model in them."""
    if endpoint is None:
        return frozenset()
    hints = get_type_hints(inspect.unwrap(endpoint), include_extras=True)
    return frozenset(
        {*inspect.signature(endpoint).parameters, *(name for kind in hints.values() for name in _in(kind))}
    )


def _in(kind: Any, above: tuple[Any, ...] = ()) -> Iterator[str]:
    """The names of the fields of the models in a type, and in those."""
    for part in get_args(kind):
        yield from _in(part, above)
    alias = getattr(kind, "alias", None)  # of Query(alias=...), as it stands in Annotated
    if isinstance(alias, str):
        yield alias
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in above:
        for name, field in kind.model_fields.items():
            yield from (name, field.alias or name)
            yield from _in(field.annotation, (*above, kind))
