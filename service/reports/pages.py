"""Pages of reports: which checks there are, and of each check bands, movement, completeness, overrides, returns."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.access import Access, Permission, allow
from service.caseload.schemas import WHY
from service.checks.queries import list_checks
from service.reports import charts, queries
from service.reports.completeness import completeness
from service.reports.routes import read
from service.web import render

router = APIRouter(include_in_schema=False)

REPORTS = (
    ("returns", "Returns", "which schools have not returned, are in progress or have signed off"),
    ("bands", "Bands", "pupils in each band, by school and district"),
    ("movement", "Movement", "what changed since the earlier check"),
    ("completeness", "Completeness", "how much is known, by field and school"),
    ("overrides", "Override rates", "how often people saw a pupil otherwise than the scorecard"),
)
KIND_WORDS = {
    "up": "Up, in band or points",
    "down": "Down, in band or points",
    "new": "New",
    "unchanged": "Same band and points",
    "left": "Left",
    "not compared": "Restricted, not compared",
    "no earlier return": "School made no return then",
    "cannot be matched between checks": "Without an identifier",
    "not asked for in both checks": "Not asked for in both",
}
MODERATIONS = {"add": "Added", "remove": "Removal", "priority": "Another priority"}
STATES = {"standing": "stands", "asked": "waits", "accepted": "accepted", "declined": "declined"}
RETURN_STATES = {
    "not_returned": ("Not returned", "grey"),
    "in_progress": ("In progress", "yellow"),
    "signed_off": ("Signed off", "green"),
}


@router.get("/reports")
def list_reports(request: Request, access: Access = allow(Permission.REPORTS)) -> Response:
    with request.app.state.database.read(access) as connection:
        checks = list_checks(connection, access)
    return render(request, "reports/list.html", title="Reports", checks=checks, reports=REPORTS)


@router.get("/checks/{check}/reports/returns")
def show_returns(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> Response:
    found = read(request, access, check, "returns", queries.returns)
    late_first = sorted(found["schools"], key=lambda line: (not line["overdue"], line["signed_off_at"] is not None))
    return _page(request, "returns", found, schools=late_first, states=RETURN_STATES)


@router.get("/checks/{check}/reports/bands")
def show_bands(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> Response:
    found = read(request, access, check, "bands", queries.bands)
    names = found["bands"]
    pictures = [
        (f"Pupils in each band, by {what}", _stack(f"Pupils in each band, by {what}", names, found[key]), found[key])
        for what, key in (("school", "schools"), ("district", "districts"))
    ]
    return _page(request, "bands", found, pictures=pictures, names=names)


def _stack(title: str, names: list[str], lines: list[dict[str, Any]]) -> Any:
    rows = [(line["name"], [line["bands"][name] for name in names]) for line in lines]
    return charts.stacked(title, [name.capitalize() for name in names], rows)


@router.get("/checks/{check}/reports/movement")
def show_movement(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> Response:
    found = read(request, access, check, "movement", queries.movement)
    kinds = [(KIND_WORDS.get(kind, kind.capitalize()), count) for kind, count in found["kinds"].items()]
    present = list(found["kinds"])
    steps = {(step["before"], step["now"]): step["pupils"] for step in found["bands"]}
    before, now = (list(dict.fromkeys(step[key] for step in found["bands"])) for key in ("before", "now"))
    return _page(
        request, "movement", found,
        svg=charts.bars("What changed", kinds), kinds=kinds,
        headings=["School", *(KIND_WORDS.get(kind, kind.capitalize()) for kind in present)],
        schools=[(line["name"], *(line["kinds"].get(kind, 0) for kind in present)) for line in found["schools"]],
        steps=[(one.capitalize(), *(steps.get((one, other), 0) for other in now)) for one in before], now=now,
    )  # fmt: skip


@router.get("/checks/{check}/reports/completeness")
def show_completeness(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> Response:
    found = read(request, access, check, "completeness", completeness)
    least_first = sorted(found["fields"], key=lambda line: line["known_pct"] or 0)
    schools = sorted(found["schools"], key=lambda line: line["known_pct"] or 0)
    rows = [(line["name"], round(line["known_pct"] or 0)) for line in schools]
    svg = charts.bars("Share of facts known, by school", rows, most=100, unit=" %")
    return _page(request, "completeness", found, fields=least_first, schools=schools, svg=svg)


@router.get("/checks/{check}/reports/overrides")
def show_overrides(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> Response:
    found = read(request, access, check, "overrides", queries.overrides)
    why: dict[str, int] = {}
    for item in found["items"]:
        words = WHY.get(item["why"], item["why"])
        why[words] = why.get(words, 0) + item["count"]
    reasons = sorted(why.items(), key=lambda pair: -pair[1])
    rows = [
        (
            item["school"]["name"] if item["school"] else queries.OWN_ROLL,
            MODERATIONS.get(item["kind"], item["kind"]),
            WHY.get(item["why"], item["why"]),
            STATES.get(item["state"], item["state"]),
            item["count"],
            item["pupils"],
        )
        for item in found["items"]
    ]
    svg = charts.bars("Why people saw a pupil otherwise", reasons)
    return _page(request, "overrides", found, reasons=reasons, rows=rows, svg=svg)


def _page(request: Request, name: str, found: dict[str, Any], **context: Any) -> Response:
    title = next(words for key, words, _ in REPORTS if key == name)
    return render(
        request, f"reports/{name}.html",
        **{
            "title": f"{title}: {found['check']['label']}", "heading": title, "back": "/reports", "here": name,
            "found": found, "reports": REPORTS, "wide": True, **context,
        },
    )  # fmt: skip
