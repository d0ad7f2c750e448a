"""Who a row is: UPN, ULN, admission number; the key by which a pupil is recognised from check to check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.cohort import KEY_KINDS

# Letters of UPN check positions: no I, O or S. Source: DfE, "Unique pupil numbers: a guide", v1.2 (June 2019), annex.
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
UPN_FORM = r"^[A-Z]\d{11}[A-Z\d]$"
ULN_FORM = r"^\d{10}$"
# A learner without a ULN is given this one in returns; it recognises nobody. [unverified value]
TEMPORARY_ULN = "9999999999"

BLANK, MALFORMED, PERMANENT, TEMPORARY = range(4)


@dataclass(frozen=True)
class Upns:
    """UPNs in upper case without spaces, of which kind each is, and where the check letter does not fit."""

    texts: Any
    kind: NDArray[np.int8]
    wrong_letter: NDArray[np.bool_]

    def where(self, *kinds: int) -> Any:
        """The texts of these kinds, null elsewhere."""
        import pyarrow as pa
        import pyarrow.compute as pc

        return pc.if_else(pa.array(np.isin(self.kind, kinds)), self.texts, pa.scalar(None, pa.string()))


def read_upns(column: Any) -> Upns:
    """Judge a column of UPNs (pyarrow strings).

    Permanent UPNs end with a digit, temporary ones with a letter. The check letter is that of the sum of position x
    digit over positions 2 to 13, modulo 23. Source: DfE UPN guide, as above.
    """
    import pyarrow.compute as pc

    if column.null_count == len(column):
        nobody = np.zeros(len(column), dtype=np.int8)
        return Upns(column, nobody, nobody.astype(bool))
    texts, formed = column, pc.match_substring_regex(column, UPN_FORM).fill_null(False)
    if not pc.all(pc.or_(formed, column.is_null())).as_py():
        texts = pc.utf8_upper(pc.replace_substring_regex(column, r"[\s\x{00a0}-]+|^['’`]+", ""))
        formed = pc.match_substring_regex(texts, UPN_FORM).fill_null(False)
    formed_mask = formed.to_numpy(zero_copy_only=False)
    kind = np.where(np.asarray(texts.is_valid()), MALFORMED, BLANK).astype(np.int8)
    wrong = np.zeros(len(texts), dtype=bool)
    if formed_mask.any():
        letters = _characters(texts.filter(formed), 13)
        kind[formed_mask] = np.where(letters[:, 12] >= ord("A"), TEMPORARY, PERMANENT)
        wrong[formed_mask] = letters[:, 0] != _check_letters(letters)
    kept = pc.if_else(formed, texts, column)  # what is no UPN is kept as written
    return Upns(kept, kind, wrong)


def _characters(texts: Any, width: int) -> NDArray[np.uint8]:
    import pyarrow as pa

    fixed = texts.cast(pa.binary()).cast(pa.binary(width))
    raw = np.frombuffer(fixed.buffers()[1], dtype=np.uint8, count=len(fixed) * width, offset=fixed.offset * width)
    return raw.reshape(-1, width)


def _check_letters(letters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    values = np.full(128, -1000, dtype=np.int32)
    values[[ord(char) for char in "0123456789"]] = np.arange(10)
    values[[ord(char) for char in LETTERS]] = np.arange(len(LETTERS))
    total = values[letters[:, 1:]] @ np.arange(2, 14, dtype=np.int32)
    answer = np.frombuffer(LETTERS.encode(), dtype=np.uint8)
    return np.where(total >= 0, answer[total % len(LETTERS)], 0).astype(np.uint8)


def read_ulns(column: Any) -> tuple[Any, NDArray[np.bool_]]:
    """ULNs that are sound (null elsewhere), and where one is malformed.

    10 digits; the remainder of 10 x d1 + 9 x d2 ... + 2 x d9 by 11 is not 0, and d10 is 10 less it.
    Source: Learning Records Service, "ULN Validation" v3 (January 2019).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return column, np.zeros(len(column), dtype=bool)
    texts = pc.replace_substring_regex(column, r"\s+|\.0$", "")
    texts = pc.if_else(pc.equal(texts, TEMPORARY_ULN), pa.scalar(None, pa.string()), texts)
    formed = pc.match_substring_regex(texts, ULN_FORM).fill_null(False)
    sound = np.array(formed.to_numpy(zero_copy_only=False))
    if sound.any():
        digits = _characters(texts.filter(formed), 10).astype(np.int32) - ord("0")
        remainder = (digits[:, :9] @ np.arange(10, 1, -1, dtype=np.int32)) % 11
        sound[sound] = (remainder != 0) & (digits[:, 9] == 10 - remainder)
    malformed = np.asarray(texts.is_valid()) & ~sound
    return pc.if_else(pa.array(sound), texts, pa.scalar(None, pa.string())), malformed


@dataclass(frozen=True)
class Keys:
    """One key a row and its kind (place in KEY_KINDS)."""

    keys: Any
    kind: NDArray[np.int8]


def make_keys(
    upn: Upns, former: Upns, uln: Any, school: Any, admission: Any, reference: Callable[[NDArray[np.int64]], Any]
) -> Keys:
    """The first there is of: permanent UPN, former UPN, temporary UPN, ULN, school and admission number.

    Rows with none get `reference(rows)`, their file and row, which cannot be matched between checks.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if (upn.kind == PERMANENT).all():
        return Keys(upn.texts, np.zeros(len(upn.kind), dtype=np.int8))
    null = pa.scalar(None, pa.string())
    by_admission = pc.binary_join_element_wise(school, admission, " no. ", null_handling="emit_null")
    formers = former.where(PERMANENT, TEMPORARY)
    ways = [upn.where(PERMANENT), formers, upn.where(TEMPORARY), uln, by_admission]
    keys = pc.coalesce(*(pc.coalesce(way, null) for way in ways))
    kind = np.full(len(keys), KEY_KINDS.index("reference"), dtype=np.int8)
    for place in range(len(ways) - 1, -1, -1):
        kind[np.asarray(ways[place].is_valid())] = place
    missing = np.asarray(keys.is_null())
    if missing.any():
        keys = pc.replace_with_mask(keys, pa.array(missing), reference(np.flatnonzero(missing)))
    return Keys(keys, kind)
