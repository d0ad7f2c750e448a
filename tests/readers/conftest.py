"""Workbooks made by hand, as other programs and ill-wishers make them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": f'<R><R Id="a" Type="{_REL}/officeDocument" Target="/xl/workbook.xml"/></R>',
    "xl/workbook.xml": f'<w xmlns:r="{_REL}"><sheets><sheet name="Pupils" r:id="s"/></sheets></w>',
    "xl/_rels/workbook.xml.rels": (
        f'<R><R Id="s" Type="{_REL}/worksheet" Target="sheet.xml"/>'
        f'<R Id="t" Type="{_REL}/sharedStrings" Target="strings.xml"/></R>'
    ),
    "xl/strings.xml": "<sst/>",
}

Workbook = Callable[..., Path]


@pytest.fixture
def raw_workbook(tmp_path: Path) -> Workbook:
    """`raw_workbook(sheet, strings)`: a workbook of just these parts; a part may be given piece by piece."""

    def write(sheet: str | Iterable[str], strings: str | Iterable[str] = "<sst/>") -> Path:
        path = tmp_path / "raw.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, content in (PARTS | {"xl/sheet.xml": sheet, "xl/strings.xml": strings}).items():
                with archive.open(name, "w") as part:
                    for piece in [content] if isinstance(content, str) else content:
                        part.write(piece.encode())
        return path

    return write
