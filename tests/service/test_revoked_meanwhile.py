"""Who calls is asked again when all of a request has come: what was revoked while it came lets nobody in."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from sqlalchemy import update

from service import tables as t
from service.clock import now
from tests.service.uploading import NOVEMBER, csv, open_check, pupil


def sent_while_revoked(service: Any, who: str, path: str, body: bytes, **headers: str) -> int:
    """The status of a POST whose caller's token is revoked before its body comes."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        with service.database.write() as connection:
            connection.execute(update(t.tokens).values(revoked_at=now()))
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    given = {"host": "testserver", "authorization": f"Bearer {service.tokens[who]}", "content-length": str(len(body))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "server": ("testserver", 80), "client": ("127.0.0.1", 1), "state": {},
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    asyncio.run(service.app(scope, receive, send))
    return int(said[0]["status"])


def test_an_upload_is_not_taken(sqlite_service: Any) -> None:
    check = open_check(sqlite_service)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="roll.csv"\r\n\r\n'
    body, kind = head + csv([pupil(1)]) + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"
    path = f"/v1/checks/{check}/uploads"
    assert sent_while_revoked(sqlite_service, "returns", path, body, content_type=kind) == 401


def test_nor_is_a_request_with_a_key(sqlite_service: Any) -> None:
    body = json.dumps(NOVEMBER).encode()
    more = {"content_type": "application/json", "idempotency_key": "k1"}
    assert sent_while_revoked(sqlite_service, "analyst", "/v1/checks", body, **more) == 401
