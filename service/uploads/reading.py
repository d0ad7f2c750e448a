"""The pool of processes in which every file is read, whatever its format: warm, limited, and replaced when lost."""

from __future__ import annotations

import atexit
import os
import queue
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from service.settings import Settings

PREFIX = "roni-reading-"
START_SECONDS = 60
TOO_SLOW = ("too_slow", "The file takes too long to read. Send only the pupils and columns that were asked for.")
LOST = ("reading_failed", "The file cannot be read: it made the reader stop. Save it again as CSV, or export it again.")
# Nothing else of our environment: no secret, no address of a database.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


Told = Callable[[float], None]  # hears how far a reader is, from 0 to 1


class Readers:
    """At most `settings.readers` processes; each is started when it is first needed, or by `warm`."""

    def __init__(self, settings: Settings) -> None:
        self.memory = settings.upload_memory
        self.most = settings.readers
        self.users = 0
        self.started: set[_Reader] = set()
        self.free: queue.LifoQueue[_Reader | None] = queue.LifoQueue()
        for _ in range(self.most):
            self.free.put(None)
        # A file for all schools may take half an hour: one at a time, so that schools do not wait behind two.
        self.long = threading.Semaphore(max(1, self.most - 1))

    def read(self, job: Mapping[str, Any], file: Path, seconds: float, told: Told | None = None) -> dict[str, Any]:
        """The result of a job on a file: {"staged": ...} or {"refused": {"code", "sentence"}}."""
        with self._one() as reader:
            return reader.read(job, file, seconds, told)

    def warm(self) -> None:
        """Start the processes now."""
        threads = [threading.Thread(target=self._warm_one, daemon=True) for _ in range(self.most)]
        for thread in threads:
            thread.start()

    def _warm_one(self) -> None:
        with self._one() as reader:
            reader.wait_until_ready()

    @contextmanager
    def _one(self) -> Iterator[_Reader]:
        reader = self.free.get()
        if reader is None or not reader.alive:
            reader = _Reader(self.memory)
            self.started.add(reader)
        try:
            yield reader
        finally:
            if not reader.alive:
                reader.close()
                self.started.discard(reader)
            self.free.put(reader if reader.alive else None)

    def release(self) -> None:
        """One user less; without any, every process ends, at work or not."""
        with _pools_lock:
            self.users -= 1
            if self.users <= 0:
                self.kill()

    def kill(self) -> None:
        """End every process now; one at work is cleared away by whoever waits for it."""
        for reader in list(self.started):
            reader.process.kill()
        idle: list[_Reader | None] = []
        with suppress(queue.Empty):
            while True:
                idle.append(self.free.get_nowait())
        for reader in filter(None, idle):
            reader.close()
            self.started.discard(reader)
        for _ in idle:
            self.free.put(None)


class _Reader:
    """One process."""

    def __init__(self, memory: int) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | ONE_THREAD
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path) or str(Path.cwd())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service.uploads.child", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may hold a cell's value
            env=environment,
            bufsize=0,  # a line that is read must not hide the next one from `select`
        )
        self.ready = False

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def wait_until_ready(self) -> None:
        if not self.ready:
            self.ready = self._answers(START_SECONDS)

    def read(self, job: Mapping[str, Any], file: Path, seconds: float, told: Told | None = None) -> dict[str, Any]:
        """Give the job to the process and wait for its answer; kill it when that takes too long."""
        self.wait_until_ready()
        with working_folder() as folder:
            (folder / "job.json").write_bytes(to_json({**job, "path": str(file)}))
            started = time.monotonic()
            if self._order(folder, seconds) and self._answers(seconds, told):
                found: dict[str, Any] = from_json((folder / "result.json").read_bytes())
                return found
            self.close()
            code, sentence = TOO_SLOW if time.monotonic() - started >= seconds else LOST
            return {"refused": {"code": code, "sentence": sentence}}

    def _order(self, folder: Path, seconds: float) -> bool:
        stdin = self.process.stdin
        assert stdin is not None
        try:
            stdin.write(to_json({"folder": str(folder), "seconds": seconds}) + b"\n")
            stdin.flush()
        except OSError:
            return False
        return True

    def _answers(self, seconds: float, told: Told | None = None) -> bool:
        """Whether it says that it is done in time; how far it is may come before."""
        stdout = self.process.stdout
        assert stdout is not None
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([stdout], [], [], left)[0]:
                line = stdout.readline()
                if not line.startswith(b"0."):
                    return line != b""
                if told is not None:
                    told(float(line))
        return False

    def close(self) -> None:
        """End the process, at once."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):  # already broken
                    pipe.close()


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder for one file, gone afterwards; its name says which process it is of, and since when that runs."""
    folder = Path(tempfile.mkdtemp(prefix=_prefix(os.getpid())))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _prefix(number: int) -> str:
    return f"{PREFIX}{number}-{_began(number)}-"


def sweep() -> None:
    """Delete what a service that was killed left behind, also one that had the number of another process of now: in a
    container that is started again the service often has the same."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        number, _, rest = folder.name.removeprefix(PREFIX).partition("-")
        if number.isdigit() and _began(int(number)) != rest.partition("-")[0]:
            shutil.rmtree(folder, ignore_errors=True)


def _began(number: int) -> str:
    """When a process was started, in ticks since the machine was; "" where there is none."""
    try:
        return Path(f"/proc/{number}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


_pools: dict[tuple[int, int], Readers] = {}
_pools_lock = threading.Lock()


def readers_of(settings: Settings) -> Readers:
    """The pool for these limits, shared by the apps of one process, until each has released it."""
    with _pools_lock:
        found = _pools.setdefault((settings.readers, settings.upload_memory), Readers(settings))
        found.users += 1
        return found


@atexit.register
def kill_all() -> None:
    """No process outlives us."""
    for pool in _pools.values():
        pool.kill()
