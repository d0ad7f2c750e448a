"""Where output goes: looked at before the work starts, replaced whole when it is done."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from roni.errors import RoniError

Destination = str | Path | BinaryIO
SUFFIXES = (".csv", ".xlsx", ".parquet")


def check_destination(
    path: str | Path, inputs: Iterable[str | Path] = (), suffixes: tuple[str, ...] = SUFFIXES
) -> Path:
    """The path, if it can be written to, before a long piece of work is begun. Raises RoniError."""
    file = Path(path)
    if file.suffix.lower() not in suffixes:
        raise RoniError(f"{file.name}: output is written as {_either(suffixes)}. End the name with one of them.")
    if not file.parent.is_dir():
        raise RoniError(f"{file.name}: the folder “{file.parent}” does not exist. Make it first.")
    if file.exists() and not file.is_file():
        raise RoniError(f"{file.name}: this is not an ordinary file, so it is not replaced. Choose another name.")
    if any(_same_file(file, Path(given)) for given in inputs):
        raise RoniError(f"{file.name}: output would replace a file that is being read. Choose another name.")
    return file


def name_of(path: Destination) -> str:
    """What to call the output in a sentence."""
    return Path(path).name if isinstance(path, (str, Path)) else "The output"


@contextmanager
def replacing(path: Destination) -> Iterator[Any]:
    """A new file to write to, which takes the place of `path` only if all goes well; a stream is written to itself.

    Readers of `path` see the old file or the whole new one, never a part. Raises RoniError when it cannot be written.
    """
    if not isinstance(path, (str, Path)):
        yield path
        return
    file = Path(path).resolve()
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        if file.exists():
            part.chmod(stat.S_IMODE(file.stat().st_mode))
        part.replace(file)
    except OSError as error:
        raise RoniError(_sentence(file, error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _sentence(file: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return (
            f"{file.name}: it cannot be written in “{file.parent}”. "
            "Close it if it is open in another program, or choose a folder you may write to."
        )
    why = error.strerror or type(error).__name__
    return f"{file.name}: it could not be written ({why}). An earlier file of that name is as it was."


def _same_file(file: Path, given: Path) -> bool:
    with suppress(OSError):
        return file.samefile(given) or (given.is_dir() and file.parent.samefile(given) and file.exists())
    return False


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
