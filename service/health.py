"""Is it running, is it ready, and how is it doing: for whoever operates the service."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service import schema
from service.access import Permission, public
from service.accounts.credentials import access_for
from service.problems import Refusal, problem_responses

router = APIRouter(tags=["health"], dependencies=[public])
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
PASSED_ON = ("x-forwarded-for", "forwarded", "x-real-ip", "via")  # a proxy on this machine speaks for somebody else


class Health(BaseModel):
    """How it is."""

    status: str = "ok"


@router.get("/livez")
async def livez() -> Health:
    """Whether the process answers."""
    return Health()


@router.get("/readyz", responses=problem_responses(503))
def readyz(request: Request) -> Health:
    """Whether it can work: the database answers and is at this version of the service."""
    try:
        with request.app.state.database.read() as connection:
            connection.execute(text("select 1"))
            found = schema.at(connection)
    except SQLAlchemyError:
        raise Refusal(503, "database_away", "The database does not answer.") from None
    if found != schema.latest():
        raise Refusal(503, "not_upgraded", "The database is not at this version. Run `roni service upgrade`.")
    return Health()


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Counts and durations by route: for this machine, who has RONI_METRICS_TOKEN, and administrators."""
    if not (_is_here(request) or _has_token(request) or _is_administrator(request)):
        raise Refusal(404, "not_found", "There is nothing here that you may see.")
    return Response(request.app.state.measures.text(), media_type=PROMETHEUS)


def _is_here(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in PASSED_ON):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _has_token(request: Request) -> bool:
    token: str = request.app.state.settings.metrics_token
    given = request.headers.get("authorization", "").partition(" ")[2]
    return bool(token) and hmac.compare_digest(token.encode(), given.strip().encode())


def _is_administrator(request: Request) -> bool:
    access = access_for(request)
    return access is not None and Permission.PEOPLE in access.permissions
