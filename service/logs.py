"""What the service writes down about itself: one JSON object a line, of keys that are allowed and nothing else.

A name, a UPN or a cell's value cannot get into a line: the text of a message is its template without what was put into
it, an error is its kind and where in the code it was, and an address is its route with the placeholders.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

OURS = ("roni", "uvicorn")  # whose message templates are known to hold nothing but our own words
ALLOWED = ("route", "method", "status", "seconds", "kind", "where", "count", "job", "state", "port")
LONGEST = 200  # characters of a value
FRAMES = 8  # of the code that an error came through
LEVEL = "INFO"


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, event, and what is allowed of the rest."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"kind": record.exc_info[0].__name__, "where": _where(record.exc_info[2])}
        line |= {key: _plain(getattr(record, key)) for key in ALLOWED if hasattr(record, key)}
        return json.dumps(line, ensure_ascii=False)


def _event(record: logging.LogRecord) -> str:
    """The message without its arguments; of other packages, whose templates we have not read, nothing."""
    known = record.name.partition(".")[0] in OURS and isinstance(record.msg, str)
    return record.msg.partition("\n")[0][:LONGEST] if known else "message of another package"


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | list) or value is None else str(value)[:LONGEST]


def _where(trace: TracebackType | None) -> list[str]:
    """File, line and function of the innermost frames: places in code, which hold nothing of any pupil."""
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def configuration(level: str = LEVEL) -> dict[str, Any]:
    """For `logging.config.dictConfig` and for uvicorn, whose own access log is off: ours has one line a request."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "service.logs.JsonLines"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": {
            "roni": {"level": level},
            "uvicorn.error": {"level": level},
            "uvicorn.access": {"level": "CRITICAL", "propagate": False},
        },
    }
