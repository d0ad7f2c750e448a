"""A file's bytes as UTF-8: by its mark, else as UTF-8 if it is, else line by line as the Windows code page.

No statistics: guessing libraries read a short file of “Zoè Nuñez” as “Zo× Nu±ez”.
"""

from __future__ import annotations

import codecs

import numpy as np
from numpy.typing import NDArray

from roni.errors import FileRefusedError
from roni.readers.limits import MAX_RECORD_BYTES, MAX_TEXT_BYTES

_CHUNK = 4 << 20
_HEAD = 4096
_BOM_16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def to_utf8(data: bytes, file: str) -> tuple[bytes, str]:
    """The text as UTF-8 without a mark, and what the encoding was, in words. Raises FileRefusedError."""
    if wide := _utf16_kind(data):
        return _from_utf16(data, wide, file), "UTF-16"
    if data.find(b"\0") >= 0:
        sentence = "The file holds bytes that are not text (NUL). It is damaged or not a table. Export the list again."
        raise FileRefusedError("nul_bytes", file, sentence)
    data = data.removeprefix(codecs.BOM_UTF8)
    if _is_utf8(data):
        return data, "UTF-8"
    return _mixed_to_utf8(data, file)


def _utf16_kind(data: bytes) -> str | None:
    """By its mark; without one by where the NULs of plain letters stand."""
    for mark, name in _BOM_16:
        if data.startswith(mark):
            return name
    head = np.frombuffer(data[:_HEAD], dtype=np.uint8)
    even, odd = (head[::2] == 0).mean(), (head[1::2] == 0).mean() if len(head) > 1 else 0.0
    if len(data) % 2 or max(even, odd) < 0.5 or min(even, odd) > 0.1:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _from_utf16(data: bytes, kind: str, file: str) -> bytes:
    try:
        text = data.decode(kind).removeprefix("\ufeff").encode("utf-8")
    except UnicodeError as error:
        sentence = "The text is damaged (broken UTF-16). Save it again as CSV UTF-8."
        raise FileRefusedError("broken_text", file, sentence) from error
    if b"\0" in text:
        sentence = "The file holds bytes that are not text (NUL). It is damaged or not a table. Export the list again."
        raise FileRefusedError("nul_bytes", file, sentence)
    return text


def _is_utf8(data: bytes) -> bool:
    """pyarrow's check reads the bytes where they are: no copy, unlike `bytes.decode`."""
    import pyarrow as pa

    ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int32))
    try:
        pa.StringArray.from_buffers(1, ends, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _mixed_to_utf8(data: bytes, file: str) -> tuple[bytes, str]:
    pieces: list[bytes] = []
    kept, total, unreadable = False, 0, 0
    start = 0
    while start < len(data):
        end = _line_end(data, start + _CHUNK, file)
        piece, has_utf8, lost = _lines_to_utf8(data[start:end] + b"\n")
        pieces.append(piece[:-1])
        kept, total, unreadable, start = kept or has_utf8, total + len(piece), unreadable + lost, end
        if total > MAX_TEXT_BYTES:
            raise FileRefusedError("too_large", file, "The file holds too much text. Split it by school.")
    how = "UTF-8 and Windows (cp1252) mixed, line by line" if kept else "Windows (cp1252)"
    return b"".join(pieces), how + (f"; {unreadable} characters could not be read" if unreadable else "")


def _line_end(data: bytes, place: int, file: str) -> int:
    """Where the line ends that `place` stands in: lines are never cut in two."""
    if place >= len(data):
        return len(data)
    found = [at for at in (data.find(mark, place, place + MAX_RECORD_BYTES) for mark in (b"\n", b"\r")) if at >= 0]
    if found:
        return min(found) + 1
    if len(data) - place <= MAX_RECORD_BYTES:
        return len(data)
    raise FileRefusedError("cell_too_long", file, "A line is longer than any row of a list. Export the list again.")


def _lines_to_utf8(chunk: bytes) -> tuple[bytes, bool, int]:
    """Whole lines as UTF-8; whether any non-ASCII line was UTF-8 already; how many bytes mean nothing in cp1252."""
    text = np.frombuffer(chunk, dtype=np.uint8)
    ends = (text == 0x0A) | (text == 0x0D)
    line = np.cumsum(ends) - ends
    windows_lines = np.zeros(int(line[-1]) + 1, dtype=bool)
    windows_lines[line[_not_utf8(text)]] = True
    high = text >= 0x80
    windows = windows_lines[line] & high
    lengths = np.where(windows, _LENGTHS[text], 1)
    out = np.repeat(text, lengths)
    begins = (np.cumsum(lengths) - lengths)[windows]
    letters = text[windows]
    for place in range(_TABLE.shape[1]):
        wanted = _LENGTHS[letters] > place
        out[begins[wanted] + place] = _TABLE[letters[wanted], place]
    return out.tobytes(), bool((high & ~windows).any()), int(_UNDEFINED[letters].sum())


def _not_utf8(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Bytes that no well-formed UTF-8 has where they stand (Unicode 16, table 3-7); lead bytes stand for their tail."""
    follows = np.pad((text & 0xC0) == 0x80, (0, 3))
    needs = _TAIL[text]
    size = len(text)
    expected = np.zeros(size + 3, dtype=bool)
    bad = _NEVER[text]
    lead = np.ones(size, dtype=bool)
    for distance in (1, 2, 3):
        lead &= needs >= distance
        there = follows[distance : size + distance]
        bad |= lead & ~there
        lead &= there
        expected[distance : size + distance] |= lead
    bad |= follows[:size] & ~expected[:size]
    second = np.pad(text[1:], (0, 1))
    bad |= (text == 0xE0) & (second < 0xA0) | (text == 0xED) & (second > 0x9F)
    return np.asarray(bad | (text == 0xF0) & (second < 0x90) | (text == 0xF4) & (second > 0x8F))


_BYTES = np.arange(256)
_TAIL = np.array([0] * 0xC2 + [1] * 30 + [2] * 16 + [3] * 5 + [0] * 11, dtype=np.uint8)  # C2-DF, E0-EF, F0-F4
_NEVER = np.isin(_BYTES, [0xC0, 0xC1, *range(0xF5, 0x100)])
_AS_UTF8 = [bytes([byte]).decode("cp1252", "replace").encode() for byte in range(256)]
_LENGTHS = np.array([len(letter) for letter in _AS_UTF8], dtype=np.int64)
_TABLE = np.array([list(letter.ljust(3, b"\0")) for letter in _AS_UTF8], dtype=np.uint8)
_UNDEFINED = np.array(["\ufffd".encode() == letter for letter in _AS_UTF8])
