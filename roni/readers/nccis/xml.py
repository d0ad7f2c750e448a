"""The client caseload (NCCIS) return as XML, record by record in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from numpy.typing import NDArray

from roni.errors import FileRefusedError
from roni.readers.extract import plain

READ_BYTES = 1 << 20
RECORDS_AT_ONCE = 20_000  # gathered as Python texts before they become an array
RECORD, ACTIVITY, CHARACTERISTIC = "youngpersonsrecord", "cohort", "characteristiccode"
GUARANTEE = "guaranteestatus"
HEADER = ("periodend", "dateofsend")


@lru_cache(maxsize=1024)  # a return has about 60 different tags, and millions of them
def _name(tag: str) -> str:
    return plain(tag.rpartition("}")[2])


class Gathered:
    """Rows of named texts that become arrays a batch at a time."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._batch: list[list[str | None]] = [[] for _ in names]
        self._chunks: list[list[Any]] = [[] for _ in names]

    def add(self, row: dict[str, str]) -> None:
        for name, cells in zip(self.names, self._batch, strict=True):
            cells.append(row.get(name))
        if self._batch and len(self._batch[0]) >= RECORDS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        for place, cells in enumerate(self._batch):
            self._chunks[place].append(pa.array(cells, pa.string()))
            self._batch[place] = []

    def columns(self) -> dict[str, Any]:
        self._flush()
        return {name: pa.concat_arrays(chunks) for name, chunks in zip(self.names, self._chunks, strict=True)}


@dataclass
class Records:
    """What the parser calls: leaves of a record by plain name; one activity a row, with the number of its record."""

    persons: Gathered
    activities: Gathered
    header: dict[str, str] = field(default_factory=dict)
    count: int = 0
    owners: list[int] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _record: dict[str, str] = field(default_factory=dict)
    _activity: dict[str, str] = field(default_factory=dict)

    def start(self, tag: str, _attributes: object) -> None:
        self._path.append(_name(tag))
        self._text.clear()

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, _tag: str) -> None:
        name = self._path.pop()
        text = "".join(self._text).strip()
        self._text.clear()
        if name == RECORD:
            self._finish_record()
        elif name == ACTIVITY:
            self._finish_activity()
        elif text:
            self._keep(name, text)

    def close(self) -> None:
        """Nothing is left to do at the end of the document."""

    def _keep(self, name: str, text: str) -> None:
        if ACTIVITY in self._path:
            self._activity[name] = text
        elif RECORD not in self._path:
            self.header.setdefault(name, text)
        elif name == CHARACTERISTIC:
            self._record[name] = f"{self._record[name]} {text}" if name in self._record else text
        elif name == GUARANTEE:
            self._record[name + self._path[-1]] = text  # of Year 11 or of Year 12
        else:
            self._record.setdefault(name, text)

    def _finish_activity(self) -> None:
        if self._activity:
            self.activities.add(self._activity)
            self.owners.append(self.count)
        self._activity = {}

    def _finish_record(self) -> None:
        self.persons.add(self._record)
        self.count += 1
        self._record = {}


@dataclass(frozen=True)
class XmlReturn:
    """Columns of persons and of activities, whose each row belongs to person `owners[j]`; the header by plain name."""

    persons: dict[str, Any]
    activities: dict[str, Any]
    owners: NDArray[np.int64]
    header: dict[str, str]


def read_xml(path: Path, persons: Sequence[str], activities: Sequence[str]) -> XmlReturn:
    """Read a whole return; `persons` and `activities` are the plain names that are wanted.

    Raises FileRefusedError for entities declared in the file, and for XML that breaks off: no part of it is used.
    """
    records = Records(Gathered(persons), Gathered(activities))
    parser = DefusedXMLParser(target=records)  # a DOCTYPE may stand; entities are refused, nothing is fetched
    try:
        with path.open("rb") as file:
            while block := file.read(READ_BYTES):
                parser.feed(block)
        parser.close()
    except DefusedXmlException:
        sentence = "the file declares entities, which no caseload return needs. Export it again."
        raise FileRefusedError("xml_entities", path.name, sentence) from None
    except ParseError as error:
        sentence = f"the XML is broken at line {error.position[0]}. Export it again."
        raise FileRefusedError("xml_broken", path.name, sentence) from None
    owners = np.array(records.owners, dtype=np.int64)
    return XmlReturn(records.persons.columns(), records.activities.columns(), owners, records.header)
