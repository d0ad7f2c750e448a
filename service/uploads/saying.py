"""What a page's form says of an upload: kept, the file read again where need be, and on to the next page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from service.access import Access
from service.problems import Refusal
from service.uploads import queries
from service.uploads.changes import change_upload
from service.uploads.schemas import UploadChange
from service.uploads.work import work_of
from service.web import render

PATIENCE = 4.0  # seconds that somebody looks at a page which is not there yet
NOT_READABLE = "Something that you typed is too long, or not what this page asks for. Go back and shorten it."


def say(
    request: Request, access: Access, ref: str, typed: Mapping[str, str], change: Mapping[str, Any], go_on: str
) -> Response:
    """Keep a change and lead on; or, where somebody else changed the upload meanwhile, show what was typed again."""
    said = _stored(change)
    with request.app.state.database.write(Access.system()) as connection:
        row = queries.require_upload(connection, access, ref, lock=True)
        stale = typed.get("version", "") != str(row.version)
        again = not stale and any(said.values()) and change_upload(connection, access, row, said)
    if stale:
        return stale_page(request, row, typed)
    return RedirectResponse(go_on if not again or read_again(request, access, row) else f"/uploads/{ref}", 303)


def _stored(change: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return UploadChange.model_validate(change).stored()
    except ValidationError:
        raise Refusal(422, "invalid", NOT_READABLE) from None


def read_again(request: Request, access: Access, upload: Any, *, new: bool = True) -> bool:
    """Whether the file is read already, soon after. One that is not `new` is read only where nobody is at it."""
    work = work_of(request.app)
    if not new:
        return work.read_again(access, upload.ref, whole_council=upload.school_id is None)
    return work.read(access, upload.ref, whole_council=upload.school_id is None, within=PATIENCE)


def stale_page(request: Request, upload: Any, typed: Mapping[str, str]) -> Response:
    """Nothing of theirs is lost, and nothing of what was typed: it can be sent again as it is."""
    kept = [(name, value) for name, value in typed.items() if name not in ("version", "idempotency_key")]
    return render(
        request, "uploads/stale.html", 412,
        title="Somebody changed this upload meanwhile", upload=upload, kept=kept,
        action=request.url.path, version=upload.version,
    )  # fmt: skip
