"""`column is among these ids`, however many, as one parameter: a list of placeholders costs more than what it finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Integer, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


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


def among(column: ColumnElement[Any], ids: Iterable[int]) -> ColumnElement[bool]:
    """The condition that a column of ids holds one of these."""
    return column.op("IN", is_comparison=True)(_Each(literal(f"[{','.join(map(str, ids))}]")))
