"""A number and what it counts, in words."""

from __future__ import annotations


def counted(number: int, one: str) -> str:
    """The number and its noun, in the plural unless it is one.

    >>> counted(1, "row"), counted(0, "row"), counted(1200, "row")
    ('1 row', '0 rows', '1,200 rows')
    """
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
