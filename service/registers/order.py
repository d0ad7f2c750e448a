"""The order of a register as one text, so that a database sorts it and a cursor holds a place in it.

Section, band, a school's addition before others of its band, a pupil whom the model could not score before those it
could, probability, points, points that could be, and the pupil's key to end ties. Equal up to the key is `level`.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache

SECTIONS = ("ranked", "left", "restricted", "taken_off")  # of a register
RANKED, LEFT, RESTRICTED, TAKEN_OFF = SECTIONS
CLAIMED = "claimed"  # of a school's list, after those of the register: another school has the pupil, too (claimed.py)
WIDTH = 34  # characters before the key
_ONE = struct.unpack(">Q", struct.pack(">d", 1.0))[0]
_MOST = 99_999


def sort_text(
    section: str,
    band: int,
    points: int,
    points_max: int,
    key: str,
    probability: float | None = None,
    added: bool = False,
) -> str:
    """The text; sorted by its characters' codes it stands where the register puts the pupil.

    >>> sort_text("ranked", 3, 7, 8, "A") < sort_text("ranked", 3, 6, 9, "A") < sort_text("ranked", 2, 9, 9, "A")
    True
    """
    return f"{_level(section, band, points, points_max, probability, added)}:{key}"


@lru_cache(maxsize=4096)
def _level(section: str, band: int, points: int, points_max: int, probability: float | None, added: bool) -> str:
    """All but the key: many pupils share it."""
    place = SECTIONS.index(section)
    if section == RESTRICTED:
        return f"{place}{'':0<{WIDTH - 2}}"
    return (
        f"{place}{99 - band:02d}{0 if added else 1}{_falling(probability)}"
        f"{_MOST - points:05d}{_MOST - points_max:05d}{'':0<2}"
    )


def span(section: str) -> tuple[str, str]:
    """Between which two texts a section stands.

    >>> low, high = span("left")
    >>> low < sort_text("left", 3, 7, 8, "A") < high < sort_text("restricted", 0, 0, 0, "A")
    True
    """
    place = SECTIONS.index(section)
    return str(place), str(place + 1)


def level(text: str) -> str:
    """What all pupils share whom only their keys separate."""
    return text[:WIDTH]


def key_of(text: str) -> str:
    """The pupil's key at the end of the text."""
    return text[WIDTH:]


def _falling(probability: float | None) -> str:
    """17 characters that rise as the probability falls, exactly; nobody's probability stands first.

    A float from 0 to 1 has the order of its bits.
    """
    if probability is None or math.isnan(probability):
        return "0" * 17
    return f"1{_ONE - struct.unpack('>Q', struct.pack('>d', probability))[0]:016x}"
