"""The stylesheet and scripts: which file each name stands for, and handing them out.

`static/manifest.json` names every file that a browser may fetch. A file's name holds part of its digest, so it is kept
by browsers for a year, and a new version has a new name. Nothing else in the folder is ever served.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

FOLDER = Path(__file__).parent / "static"
ADDRESS = "/static"
YEAR = 365 * 24 * 60 * 60
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, read and compressed once."""

    body: bytes
    compressed: bytes
    kind: str


@lru_cache(maxsize=1)
def manifest() -> dict[str, str]:
    """Name -> file in the folder, as in `{"roni.css": "roni-1a2b3c4d.css"}`."""
    files = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
    return {name: entry["file"] for name, entry in files.items()}


def static(name: str) -> str:
    """The address of an asset by its plain name; KeyError for one that is not there, so no page names a missing file.

    >>> static("roni.css").startswith("/static/roni-")
    True
    """
    return f"{ADDRESS}/{manifest()[name]}"


class StaticFiles:
    """An ASGI application for `app.mount(ADDRESS, StaticFiles())`: the files of the manifest, from memory."""

    def __init__(self) -> None:
        self.assets = {file: _read(FOLDER / file) for file in manifest().values()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file, compressed where the browser takes that."""
        name = str(scope["path"]).removeprefix(str(scope.get("root_path", ""))).removeprefix("/")
        asset = self.assets.get(name)
        answer = PlainTextResponse("There is no such file.", 404) if asset is None else _answer(asset, scope)
        await answer(scope, receive, send)


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, gzip.compress(body, mtime=0), KINDS[path.suffix])


def _answer(asset: Asset, scope: Scope) -> Response:
    if scope["method"] not in ("GET", "HEAD"):
        return PlainTextResponse("A file can only be read.", 405, {"allow": "GET, HEAD"})
    headers = {"cache-control": f"public, max-age={YEAR}, immutable", "vary": "accept-encoding"}
    takes = next((value for key, value in scope["headers"] if key == b"accept-encoding"), b"")
    if b"gzip" not in takes:
        return Response(asset.body, headers=headers, media_type=asset.kind)
    return Response(asset.compressed, headers={**headers, "content-encoding": "gzip"}, media_type=asset.kind)
