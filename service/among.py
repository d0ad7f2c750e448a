"""`column is among these ids`, however many, as one parameter: a list of placeholders costs more than what it finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Ids(TypeDecorator[Iterable[int]]):
    """Ids as one text: a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[int] | None, _dialect: Any) -> str | None:
        return value if value is None else f"[{','.join(map(str, value))}]"


class _Each(FunctionElement[int]):
    """The numbers of a JSON array, as rows."""

    name = "each_number"
    type = Integer()
    inherit_cache = True


@compiles(_Each, "sqlite")
def _in_sqlite(element: _Each, compiler: SQLCompiler, **more: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **more)}))"


@compiles(_Each, "postgresql")
def _in_postgresql(element: _Each, compiler: SQLCompiler, **more: Any) -> str:
    given = compiler.process(element.clauses, **more)
    return f"(SELECT CAST(value AS INTEGER) FROM json_array_elements_text(CAST({given} AS JSON)))"


def among(column: ColumnElement[Any], ids: Iterable[int] | str) -> ColumnElement[bool]:
    """The condition that a column of ids holds one of these.

    For a statement that is made once, `ids` is the name of the parameter with which they are given each time.
    """
    given: Any = bindparam(ids, type_=_Ids()) if isinstance(ids, str) else bindparam(None, list(ids), type_=_Ids())
    return column.op("IN", is_comparison=True)(_Each(given))
