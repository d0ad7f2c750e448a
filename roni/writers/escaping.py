"""Text that a spreadsheet would run as a formula, made harmless on the way out.

A text cell that starts with = + - @, a tab or a line end gets an apostrophe before it, and our readers take one away
again. A text that starts with apostrophes and then such a sign gets one more, so that every text comes back as it was.
Numbers are left alone. (OWASP, CSV Injection.)
"""

from __future__ import annotations

from typing import Any

RISKY = r"^'*[=+\-@\t\r\n]"


def escaped(table: Any) -> Any:
    """A pyarrow table whose text columns are safe to open in a spreadsheet; dictionary columns become plain.

    >>> import pyarrow as pa
    >>> escaped(pa.table({"surname": ["=1+1", "O'Neil", None], "points": [-1, 0, 1]}))["surname"].to_pylist()
    ["'=1+1", "O'Neil", None]
    """
    for place, name in enumerate(table.column_names):
        table = table.set_column(place, name, _escaped_column(plain(table.column(place))))
    return table


def plain(column: Any) -> Any:
    """A column with its values written out, where it was dictionary-encoded."""
    import pyarrow as pa

    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def is_text(column: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _escaped_column(column: Any) -> Any:
    import pyarrow.compute as pc

    if not is_text(column):
        return column
    risky = pc.match_substring_regex(column, RISKY)
    if not pc.any(risky).as_py():
        return column
    return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
