"""The process that reads files: `python -m service.uploads.child`. It holds no secret and no connection.

A line on its input names a folder with `job.json`; it writes `result.json` there and answers with one line. Whatever a
hostile file makes of it stays in this process: its memory, the files it writes and its time are limited, and the
service kills it when it does not answer.
"""

from __future__ import annotations

import gc
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from roni import FileRefusedError, RoniError

MOST_WRITTEN = 1 << 30  # bytes of a result: 500,000 pupils are about 400 MB
COLLECT_AFTER = 100_000  # objects: what a file is read into lives until the answer, so looking for garbage is in vain
GRACE = 30  # seconds after the service should have killed it: the service itself is gone
TOO_MUCH_MEMORY = (
    "The file needs more memory to read than is allowed. Send only the pupils and columns that were asked for."
)


def main(memory: int) -> None:
    """Read jobs until the service closes the pipe."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _warm()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    _say("ready")
    for line in sys.stdin:
        order = from_json(line)
        signal.alarm(int(order["seconds"]) + GRACE)
        _work(Path(order["folder"]))
        signal.alarm(0)
        _say("done")


def _warm() -> None:
    """Import what reading needs, so that the first file does not wait for it."""
    import pyarrow.compute  # noqa: F401

    from service.uploads import staging

    staging.check_of  # noqa: B018
    gc.collect()
    gc.freeze()  # what was imported stands to the end
    gc.set_threshold(COLLECT_AFTER)


def _work(folder: Path) -> None:
    try:
        result = _done(from_json((folder / "job.json").read_bytes()))
    except MemoryError:
        result = {"refused": {"code": "too_much_memory", "sentence": TOO_MUCH_MEMORY}}
    except FileRefusedError as error:
        sentence = str(error).removeprefix(f"{error.file}: ")
        result = {"refused": {"code": error.code, "sentence": sentence[:1].upper() + sentence[1:]}}
    except RoniError as error:
        result = {"refused": {"code": "refused", "sentence": str(error)}}
    _write(folder / "result.json", result)


def _write(path: Path, result: dict[str, Any]) -> None:
    """Write a result as JSON; school after school, for of a whole council it is too long to stand in memory twice."""
    with path.open("wb") as out:
        if "staged" not in result:
            out.write(to_json(result))
            return
        rest = {name: part for name, part in result["staged"].items() if name != "schools"}
        out.write(b'{"staged":' + to_json(rest)[:-1] + b',"schools":[')
        for place, school in enumerate(result["staged"]["schools"]):
            out.write(b"," * (place > 0) + to_json(_with_texts(school)))
        out.write(b"]}}")


def _with_texts(school: dict[str, Any]) -> dict[str, Any]:
    """A school's pupils with their records as JSON within the JSON: they are stored as they are, and seldom read."""
    pupils = [{**pupil, "record": to_json(pupil["record"]).decode()} for pupil in school["pupils"]]
    return {**school, "pupils": pupils}


def _done(job: dict[str, Any]) -> dict[str, Any]:
    from service.caseload import sheet_reading
    from service.supplements.reading import KIND, read_list
    from service.uploads import cells
    from service.uploads.staging import stage

    if job.get("kind") == cells.KIND:
        return {"cells": cells.read_cells(job)}
    if job.get("kind") == sheet_reading.KIND:
        return {"sheet": sheet_reading.read_sheet(job)}
    if job.get("kind") == KIND:
        return {"listed": read_list(job)}
    return {"staged": stage(job, _say_how_far if job["school"] is None else None)}


def _say_how_far(done: float) -> None:
    """Of a file of all schools: others are read before anybody could look."""
    _say(f"{min(done, 0.99):.2f}")


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
