"""CSV that Excel opens with the names right."""

from __future__ import annotations

import codecs
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from roni.writers.destination import Destination, replacing
from roni.writers.escaping import escaped


def write_csv(table: Any, path: Destination) -> None:
    """Write a pyarrow table as CSV: UTF-8 with a byte-order mark, one heading row, not known as an empty cell.

    Replaces an existing file whole. Raises RoniError when the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.csv

    safe = escaped(table)
    with replacing(path) as part, pa.OSFile(str(part), "wb") if isinstance(part, Path) else nullcontext(part) as out:
        out.write(codecs.BOM_UTF8)
        pa.csv.write_csv(safe, out)
