"""What a file is, by its content: its name says nothing. Whatever is not a table is refused by name."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from roni.errors import FileRefusedError
from roni.readers.limits import MAX_FILE_BYTES, MAX_PARTS

_EXPORT = "Export the list from the MIS as CSV or XLSX."
_RESAVE = "Open it in a spreadsheet and save it as XLSX or CSV."

# What a file starts with -> code and sentence. Sources: the formats' own specifications.
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "pdf", f"This is a PDF. {_EXPORT}"),
    (b"\x89PNG", "image", f"This is a picture. {_EXPORT}"),
    (b"\xff\xd8\xff", "image", f"This is a picture. {_EXPORT}"),
    (b"GIF8", "image", f"This is a picture. {_EXPORT}"),
    (b"II*\x00", "image", f"This is a picture. {_EXPORT}"),
    (b"MM\x00*", "image", f"This is a picture. {_EXPORT}"),
    (b"RIFF", "image", f"This is a picture, a sound or a film. {_EXPORT}"),
    (b"\x1f\x8b", "archive", "This is a packed file. Unpack it and give the file inside."),
    (b"7z\xbc\xaf\x27\x1c", "archive", "This is a packed file. Unpack it and give the file inside."),
    (b"Rar!", "archive", "This is a packed file. Unpack it and give the file inside."),
    (b"{\\rtf", "document", f"This is a document and not a table. {_EXPORT}"),
    (b"SQLite format 3", "database", f"This is a database. {_EXPORT}"),
)
_MARKUP: tuple[tuple[bytes, str, str], ...] = (
    (b"<!doctype html", "html", f"This is a web page, whatever its name says. {_RESAVE}"),
    (b"<html", "html", f"This is a web page, whatever its name says. {_RESAVE}"),
    (b"<table", "html", f"This is a web page, whatever its name says. {_RESAVE}"),
    (b"<?xml", "xml", f"This is an XML file and not a table. {_RESAVE}"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD = "This workbook is protected with a password. Save a copy without the password."
_OLD_XLS = f"This is an old Excel file (.xls). {_RESAVE}"
_DOCUMENT = f"This is a document and not a table. {_EXPORT}"
_TEXT_STARTS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def format_of(path: Path) -> str:
    """`csv`, `xlsx` or `parquet`. Raises FileRefusedError for whatever is not a table, and what to do instead."""
    size = _size(path)
    with _open(path) as stream:
        head = stream.read(4096)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n") and size <= len(head):
        raise FileRefusedError("empty", path.name, "The file is empty. Export the list again.")
    if head.startswith(b"PK\x05\x06"):
        raise FileRefusedError("empty", path.name, "This is an empty packed file. Export the list again.")
    if head.startswith(_OLE):
        raise _office_file(path)
    _refuse_by_signature(head, path.name)
    if head.startswith(b"PK\x03\x04"):
        return _packed_format(path)
    return "parquet" if head.startswith(b"PAR1") else "csv"


def _size(path: Path) -> int:
    name = path.name or str(path)
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise FileRefusedError("missing", name, "There is no file of this name here. Check the name.") from error
    except (OSError, ValueError) as error:
        raise FileRefusedError("unreadable", name, "The file cannot be opened. Check the name.") from error
    if stat.S_ISDIR(found.st_mode):
        raise FileRefusedError("folder", name, "This is a folder. Give the file inside it.")
    if not stat.S_ISREG(found.st_mode):
        raise FileRefusedError("not_a_file", name, "This is not an ordinary file. Save the list to a file first.")
    if found.st_size > MAX_FILE_BYTES:
        limit = f"{MAX_FILE_BYTES >> 20} MB"
        raise FileRefusedError("too_large", name, f"The file is larger than {limit}. Split it by school or year group.")
    return found.st_size


def _open(path: Path):  # type: ignore[no-untyped-def]  # a BufferedReader; typeshed's name for it differs by version
    try:
        return path.open("rb")
    except PermissionError as error:
        sentence = "You may not open this file. Ask for access, or close it where it is open."
        raise FileRefusedError("not_allowed", path.name, sentence) from error
    except OSError as error:
        raise FileRefusedError("unreadable", path.name, "The file cannot be opened.") from error


def _refuse_by_signature(head: bytes, file: str) -> None:
    for start, code, sentence in _SIGNATURES:
        if head.startswith(start):
            raise FileRefusedError(code, file, sentence)
    plain = head
    for mark in _TEXT_STARTS:
        plain = plain.removeprefix(mark)
    plain = plain.replace(b"\0", b"").lstrip().lower()
    for start, code, sentence in _MARKUP:
        if plain.startswith(start):
            raise FileRefusedError(code, file, sentence)


def _office_file(path: Path) -> FileRefusedError:
    """Old Excel, old Word and password-protected workbooks share one container; its directory tells them apart."""
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return FileRefusedError("password", path.name, _PASSWORD)
    if "WordDocument".encode("utf-16-le") in content:
        return FileRefusedError("document", path.name, _DOCUMENT)
    return FileRefusedError("old_xls", path.name, _OLD_XLS)


def _packed_format(path: Path) -> str:
    file = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MAX_PARTS:
                raise FileRefusedError("zip_bomb", file, f"This packed file has more than {MAX_PARTS:,} parts.")
            names = archive.namelist()
            encrypted = any(part.flag_bits & 1 for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        sentence = "The workbook is damaged: its end is missing or its parts cannot be read. Export or copy it again."
        raise FileRefusedError("broken_workbook", file, sentence) from error
    if encrypted:
        raise FileRefusedError("password", file, _PASSWORD)
    _refuse_by_parts(names, file)
    return "xlsx"


def _refuse_by_parts(names: list[str], file: str) -> None:
    if any(name.endswith("xl/workbook.bin") for name in names):
        raise FileRefusedError("xlsb", file, f"This is a binary workbook (.xlsb). {_RESAVE}")
    if "content.xml" in names:
        raise FileRefusedError("ods", file, f"This is an OpenDocument file. {_RESAVE}")
    if any(name.startswith("Index/") or name == "Index.zip" for name in names):
        sentence = "This is an Apple Numbers file. Export it from Numbers as CSV or Excel."
        raise FileRefusedError("numbers", file, sentence)
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise FileRefusedError("document", file, _DOCUMENT)
    if "[Content_Types].xml" not in names:
        raise FileRefusedError("archive", file, "This is a packed file. Unpack it and give the file inside.")
