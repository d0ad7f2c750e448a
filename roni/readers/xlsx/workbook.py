"""The parts of a workbook: checked before anything is unpacked, read without openpyxl building objects for them.

openpyxl makes a Python object for every cell, style, merge and comment, which a hostile workbook of a few kilobytes
turns into gigabytes, and it cannot say which formula was never worked out. So the parts are read here as streams, and
only what openpyxl knows about number formats is taken from it. Part names and attributes: ECMA-376, part 1.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from roni.errors import FileRefusedError
from roni.readers.limits import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_RATIO,
    MAX_SMALL_PART_BYTES,
    MAX_UNPACKED_BYTES,
    MAX_WORKBOOK_CELLS,
    MIN_RATIO_BYTES,
)

_CHUNK = 1 << 20
_TOO_LARGE_INSIDE = (
    "The workbook is far larger inside than any list of pupils. Copy the pupils alone into a new workbook."
)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how a workbook writes a control character


def unescaped(text: str) -> str:
    """Text with `_x000D_` and the like turned back into the character; halves of a pair stay as they are."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: match[0] if match[1][:2].lower() in _SURROGATES else chr(int(match[1], 16)), text)


_SURROGATES = frozenset(f"{high:x}" for high in range(0xD8, 0xE0))


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook: its name, its part, and whether people see it."""

    name: str
    part: str
    visible: bool


class Workbook:
    """An open workbook. `kinds[style]` is how a number of that style reads: "", percent, date or duration."""

    def __init__(self, path: Path) -> None:
        self.file = path.name
        self.archive = zipfile.ZipFile(path)
        self.elements = 0  # XML elements of sheets read so far
        self._sizes = {part.filename: part.file_size for part in self.archive.infolist()}
        _refuse_bomb(self.archive, self.file)
        main = self._main_part()
        targets = self._relations(main)
        book = self._small(main)
        self.from_1904 = any(
            _local(item) == "workbookPr" and item.get("date1904", "0") in ("1", "true") for item in book.iter()
        )
        self.sheets = tuple(_sheets(book, targets))
        self.kinds = self._number_kinds(targets)
        self.strings = self._shared_strings(targets)

    def close(self) -> None:
        self.archive.close()

    def open(self, part: str) -> IO[bytes]:
        return self.archive.open(part)

    def _main_part(self) -> str:
        for kind, target in self._relations("").values():
            if kind == "officeDocument":
                return target
        raise KeyError("officeDocument")

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id -> kind and the part it points to."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        found = {}
        for item in self._small(rels):
            target = posixpath.normpath(posixpath.join("/", folder, item.get("Target", "")))
            found[item.get("Id", "")] = (item.get("Type", "").rpartition("/")[2], target.lstrip("/"))
        return found

    def _small(self, part: str) -> Any:
        """A part read whole. Entities and document types are refused: defusedxml."""
        from defusedxml.ElementTree import fromstring

        if self._sizes[part] > MAX_SMALL_PART_BYTES:
            raise FileRefusedError("zip_bomb", self.file, _TOO_LARGE_INSIDE)
        return fromstring(self.archive.read(part), forbid_dtd=True)

    def _number_kinds(self, targets: dict[str, tuple[str, str]]) -> list[str]:
        part = next((target for kind, target in targets.values() if kind == "styles"), None)
        if part not in self._sizes:
            return []
        styles = self._small(str(part))
        formats = {
            item.get("numFmtId", ""): item.get("formatCode", "") for item in styles.iter() if _local(item) == "numFmt"
        }
        cell_styles = next((item for item in styles if _local(item) == "cellXfs"), ())
        kinds: dict[str, str] = {}
        result = []
        for item in cell_styles:
            number = item.get("numFmtId", "0")
            if number not in kinds:
                kinds[number] = _kind_of(number, formats)
            result.append(kinds[number])
        return result

    def _shared_strings(self, targets: dict[str, tuple[str, str]]) -> list[str]:
        part = next((target for kind, target in targets.values() if kind == "sharedStrings"), None)
        if part not in self._sizes:
            return []
        reader = _SharedStrings(self.file)
        with self.open(str(part)) as stream:
            walk(stream, reader.start, reader.end, reader.text)
        return reader.strings


def _refuse_bomb(archive: zipfile.ZipFile, file: str) -> None:
    """Python's zipfile never unpacks more of a part than its declared size, so the declared sizes can be trusted."""
    parts = archive.infolist()
    total = sum(part.file_size for part in parts)
    packed = any(
        part.file_size > MIN_RATIO_BYTES and part.file_size > MAX_RATIO * max(part.compress_size, 1) for part in parts
    )
    if packed or total > MAX_UNPACKED_BYTES:
        raise FileRefusedError("zip_bomb", file, _TOO_LARGE_INSIDE)


def _local(item: Any) -> str:
    """An element's name without its namespace."""
    return str(item.tag).rpartition("}")[2]


def _sheets(book: Any, targets: dict[str, tuple[str, str]]) -> list[Sheet]:
    """The worksheets in their order; a part that several sheets name, which no program writes, counts once."""
    found: dict[str, Sheet] = {}
    for item in book.iter():
        if _local(item) != "sheet":
            continue
        key = next((value for name, value in item.attrib.items() if name.endswith("}id")), "")
        kind, part = targets.get(key, ("", ""))
        if kind == "worksheet":
            found.setdefault(part, Sheet(item.get("name", ""), part, item.get("state", "visible") == "visible"))
    return list(found.values())


def _kind_of(number: str, formats: dict[str, str]) -> str:
    from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

    code = formats.get(number) or BUILTIN_FORMATS.get(int(number), "General")
    if is_timedelta_format(code):
        return "duration"
    if is_date_format(code):
        return "date"
    return "percent" if "%" in re.sub(r'"[^"]*"|\\.', "", code) else ""


Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class Walker:
    """Reads XML piece by piece and hands elements on, without their namespace prefix; nothing is kept."""

    def __init__(self, start: Start, end: End, text: Text) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = start
        self.parser.EndElementHandler = end
        self.parser.CharacterDataHandler = text
        self.parser.StartDoctypeDeclHandler = _refuse_document_type

    def feed(self, piece: bytes) -> None:
        self.parser.Parse(piece, not piece)


def _refuse_document_type(*_: object) -> None:
    """No workbook has a document type, and entity bombs need one."""
    raise ValueError("document type in a workbook")


def walk(stream: IO[bytes], start: Start, end: End, text: Text) -> None:
    """Read a whole part."""
    walker = Walker(start, end, text)
    while piece := stream.read(_CHUNK):
        walker.feed(piece)
    walker.feed(b"")


class _SharedStrings:
    """Texts that cells point to by number. Runs of one text are joined; phonetic guides (rPh) are not part of it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.strings: list[str] = []
        self.runs: list[str] = []
        self.inside = False
        self.phonetic = False
        self.elements = self.depth = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        local = name.rpartition(":")[2]
        self.inside = local == "t" and not self.phonetic
        if local == "rPh":
            self.phonetic = True
        if self.elements > MAX_ELEMENTS or len(self.strings) > MAX_WORKBOOK_CELLS or self.depth > MAX_DEPTH:
            raise FileRefusedError("too_large", self.file, "The workbook holds too many texts. Export the list as CSV.")

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        self.depth -= 1
        self.inside = False
        if local == "rPh":
            self.phonetic = False
        elif local == "si":
            self.strings.append(unescaped("".join(self.runs)))
            self.runs.clear()

    def text(self, text: str) -> None:
        if self.inside:
            self.runs.append(text)
