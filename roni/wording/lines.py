"""Short texts gathered into one line a pupil, for all pupils at once.

Each distinct text is made once; a pupil's line is a list of places among them. So a million lines cost no loop over
pupils, only as many Python strings as there are different things to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_IN_TABLE = 65_536  # places of a table that costs less than hashing, however few are looked up
PUPILS_AT_ONCE = 250_000  # keeps the texts in the making small beside the lines that are kept


class Said(NamedTuple):
    """What is said of each of m pupils: the different texts, and which of them is whose, -1 where nothing is."""

    texts: Sequence[str]
    which: NDArray[np.int32]

    @classmethod
    def nothing(cls, size: int) -> Said:
        """Of nobody anything."""
        return cls([], np.full(size, -1, np.int32))

    @classmethod
    def of(cls, text: str, mask: NDArray[np.bool_]) -> Said:
        """The same text of everybody in the mask."""
        return cls([text], mask.astype(np.int32) - np.int32(1)) if mask.any() else cls.nothing(len(mask))

    @property
    def one(self) -> str:
        """What is said of the first, of whom something is."""
        return self.texts[int(self.which[0])]

    def ending(self, ending: str) -> Said:
        """Each text with the same ending."""
        return Said([f"{text}{ending}" for text in self.texts], self.which)

    def among(self, places: NDArray[np.int64], size: int) -> Said:
        """The same of these places among more pupils, of the others nothing."""
        which = np.full(size, -1, np.int32)
        which[places] = self.which
        return Said(self.texts, which)

    def then(self, more: Said, separator: str) -> Said:
        """Both of each pupil, one after the other, with a separator where there are two.

        >>> one, other = Said(["young carer"], np.array([0, -1, 0])), Said(["fsm"], np.array([0, 0, -1]))
        >>> one.then(other, " and ")
        Said(texts=['fsm', 'young carer', 'young carer and fsm'], which=array([2, 0, 1], dtype=int32))
        """
        if not self.texts or not more.texts:
            return self if self.texts else more
        many = len(more.texts) + 1
        pairs = (self.which + np.int64(1)) * many + more.which + 1  # 0 where neither says anything
        different, which = _different(pairs, (len(self.texts) + 1) * many)
        ones, others = ["", *self.texts], ["", *more.texts]
        said = [(ones[pair // many], others[pair % many]) for pair in different.tolist()]
        return Said([separator.join(filter(None, both)) for both in said], which)


class Lines:
    """The texts said of each of `size` pupils, in the order in which they are added.

    >>> import numpy as np
    >>> lines = Lines(3)
    >>> lines.say(np.array([0, 2]), ["young carer +2"])
    >>> lines.say(np.array([2]), ["1 suspension +1", "2 suspensions +1"], np.array([1]))
    >>> lines.joined().to_pylist()
    ['young carer +2', '', 'young carer +2; 2 suspensions +1']
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._texts: list[str] = []
        self._said: list[tuple[NDArray[np.int64], NDArray[np.int32]]] = []

    def __len__(self) -> int:
        return self.size

    def say(self, places: NDArray[Any], texts: Sequence[str], which: NDArray[Any] | None = None) -> None:
        """Say `texts[which[k]]` of the pupil at `places[k]`; without `which`, `texts[0]` of each. No place twice."""
        if not len(places):
            return
        chosen = np.zeros(len(places), np.int32) if which is None else np.asarray(which, np.int32)
        self._said.append((np.asarray(places, np.int64), chosen + np.int32(len(self._texts))))
        self._texts += texts

    def add(self, others: Lines, places: NDArray[np.int64]) -> None:
        """What others say, of their pupils, who stand at these places here."""
        for their, which in others._said:
            self._said.append((places[their], which + np.int32(len(self._texts))))
        self._texts += others._texts

    def joined(self, order: NDArray[np.int64] | None = None) -> Any:
        """One line a pupil, its texts parted by “; ”, empty where nothing is said: a pyarrow chunked array of strings.

        With `order`, a permutation of the pupils, line k is of the pupil at `order[k]`.
        """
        import pyarrow as pa

        starts, which = self._by_pupil(order)
        texts = pa.array(self._texts, pa.string())
        chunks = [
            _join(texts, starts[first : first + PUPILS_AT_ONCE + 1], which)
            for first in range(0, self.size, PUPILS_AT_ONCE)
        ]
        return pa.chunked_array(chunks, pa.string())

    def _by_pupil(self, order: NDArray[np.int64] | None) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Where each pupil's texts start, and the texts of one pupil after the other."""
        line = np.arange(self.size)
        if order is not None:
            line[order] = np.arange(self.size)
        said = [(line[places], chosen) for places, chosen in self._said]
        counts = np.bincount(np.concatenate([line[:0], *(at for at, _ in said)]), minlength=self.size)
        starts = np.concatenate([[0], np.cumsum(counts)])
        which = np.empty(int(starts[-1]), np.int32)
        next_free = starts[:-1].copy()
        for at, chosen in said:
            which[next_free[at]] = chosen
            next_free[at] += 1
        return starts, which


def _join(texts: Any, starts: NDArray[np.int64], which: NDArray[np.int32]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets = pa.array((starts - starts[0]).astype(np.int32))
    said = texts.take(pa.array(which[starts[0] : starts[-1]]))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, said), "; ")


def distinct(*columns: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The different rows of aligned columns: the place of the first of each, and which one every row is.

    NaN equals NaN. Shapes: columns [m] each; returns [d] and [m].

    >>> import numpy as np
    >>> [part.tolist() for part in distinct(np.array([5, 7, 5, 7]), np.array([1, 1, 1, 2]))]
    [[0, 1, 3], [0, 1, 0, 2]]
    """
    which = _codes(columns[0]) if columns else np.zeros(0, np.int64)
    for column in columns[1:]:
        codes = _codes(column)
        which = _codes(which * (int(codes.max(initial=0)) + 1) + codes)
    first = np.empty(int(which.max(initial=-1)) + 1, np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]  # of equal rows the first is written last
    return first, which.astype(np.int32)


def _different(codes: NDArray[np.int64], bound: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The different ones of whole numbers from 0 to less than a bound, 0 left out; which of them is whose, -1 for 0."""
    if bound > max(len(codes), MOST_IN_TABLE):
        import pyarrow as pa

        encoded = pa.array(codes, mask=codes == 0).dictionary_encode()
        return np.asarray(encoded.dictionary), np.asarray(encoded.indices.fill_null(-1))
    there = np.zeros(bound, np.bool_)
    there[codes], there[0] = True, False
    different = np.flatnonzero(there)
    table = np.full(bound, -1, np.int32)
    table[different] = np.arange(len(different))
    return different, table[codes]


def _codes(column: NDArray[Any]) -> NDArray[np.int64]:
    import pyarrow as pa

    encoded = pa.array(column).dictionary_encode(null_encoding="encode")
    return np.asarray(encoded.indices).astype(np.int64)
