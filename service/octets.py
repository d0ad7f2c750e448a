"""A column of text as its bytes in UTF-8: what is only put together and sent on need not become text on the way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, LargeBinary
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Octets(FunctionElement[bytes]):
    """The bytes of a text."""

    name = "octets"
    type = LargeBinary()
    inherit_cache = True


@compiles(_Octets, "sqlite")
def _in_sqlite(element: _Octets, compiler: SQLCompiler, **more: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **more)} AS BLOB)"


@compiles(_Octets, "postgresql")
def _in_postgresql(element: _Octets, compiler: SQLCompiler, **more: Any) -> str:
    return f"convert_to({compiler.process(element.clauses, **more)}, 'UTF8')"


def octets(column: ColumnElement[str]) -> ColumnElement[bytes]:
    """The bytes of a column of text."""
    return _Octets(column)
