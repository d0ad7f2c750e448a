"""Pages of reports: which checks there are, and of each check bands, movement, completeness, overrides, returns."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from service.access import Access, Permission, allow
from service.caseload.schemas import WHY
from service.checks.queries import list_checks
from service.phrases import band_words
from service.registers.asking import address
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
BESIDE = (
    ("left", "left the roll"),
    ("restricted", "not scored: information restricted"),
    ("taken_off", "taken off by a person"),
)
KNOWN = "Share of the facts that the scorecard reads, by school"
OF_SCHOOL = "school"  # a field's supplier
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
    names, words = found["bands"], [band_words(name) for name in found["bands"]]
    pictures = [
        (what, title, _stack(title, words, names, found[key]), [_band_row(check, names, line) for line in found[key]])
        for what, key in (("District", "districts"), ("School", "schools"))
        for title in (f"Pupils in each band, by {what.lower()}",)
    ]
    sums = [(f"{found['total']['bands'][name]:,}", word) for name, word in zip(names, words, strict=True)]
    sums += [(f"{found['total'][key]:,}", words) for key, words in BESIDE if found["total"][key]]
    return _page(request, "bands", found, pictures=pictures, names=words, sums=sums)


def _stack(title: str, words: list[str], names: list[str], lines: list[dict[str, Any]]) -> list[tuple[str, Markup]]:
    rows = [(line["name"], [line["bands"][name] for name in names]) for line in lines]
    most = max((sum(counts) for _, counts in rows), default=0)
    return charts.sheets(title, rows, lambda named, part: charts.stacked(named, words, part, most))


def _band_row(check: str, names: list[str], line: dict[str, Any]) -> tuple[Any, ...]:
    bands = [line["bands"][name] for name in names]
    return (_to_list(check, line), *bands, line["left"], line["restricted"], line["taken_off"], line["pupils"])


def _to_list(check: str, line: dict[str, Any], which: str = "register") -> str:
    """The name of a school, which leads to its pupils in the list, or to those of a movement."""
    if line["urn"] is None:
        return str(line["name"])
    href = address(f"/checks/{check}/{which}", {"school": line["urn"]})
    return Markup('<a class="govuk-link" href="{}">{}</a>').format(href, line["name"])


@router.get("/checks/{check}/reports/movement")
def show_movement(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> Response:
    found = read(request, access, check, "movement", queries.movement)
    which = f"movement/{found['earlier']['ref']}" if found["earlier"] else ""
    kinds = [(KIND_WORDS.get(kind, kind.capitalize()), count) for kind, count in found["kinds"].items()]
    present = list(found["kinds"])
    steps = {(step["before"], step["now"]): step["pupils"] for step in found["bands"]}
    before, now = (list(dict.fromkeys(step[key] for step in found["bands"])) for key in ("before", "now"))
    return _page(
        request, "movement", found,
        svg=charts.bars("What changed", kinds), kinds=kinds,
        headings=["School", *(KIND_WORDS.get(kind, kind.capitalize()) for kind in present)],
        schools=[
            (_to_list(check, line, which), *(line["kinds"].get(kind, 0) for kind in present))
            for line in found["schools"]
        ],
        steps=[(band_words(one), *(steps.get((one, other), 0) for other in now)) for one in before],
        now=[*map(band_words, now)],
    )  # fmt: skip


@router.get("/checks/{check}/reports/completeness")
def show_completeness(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> Response:
    found = read(request, access, check, "completeness", completeness)
    fields = sorted(found["fields"], key=lambda line: line["known_pct"] or 0)
    schools = sorted(found["schools"], key=lambda line: line["known_pct"] or 0)
    bars = [(line["name"], int(line["known_pct"] or 0)) for line in schools]
    return _page(
        request, "completeness", found,
        fields=[(line["label"], line["supplier"], line["known"], _one_place(line["known_pct"])) for line in fields],
        sheets=charts.sheets(KNOWN, bars, lambda named, part: charts.bars(named, part, most=100, unit=" %")),
        known=KNOWN,
        schools=[(_to_list(check, line), line["pupils"], _one_place(line["known_pct"])) for line in schools],
        wanted=[(line["name"], *_wanted(line, fields)) for line in schools],
        matrix=[(field["label"], *(line["fields"][field["name"]] for line in schools)) for field in fields],
        columns=[f"{line['name']} (of {line['pupils']:,})" for line in schools],
    )  # fmt: skip


def _one_place(share_pct: float | None) -> str:
    return "" if share_pct is None else f"{share_pct:.1f}"


def _wanted(line: dict[str, Any], fields: list[dict[str, Any]]) -> tuple[str, str]:
    """What a school itself could send: of what nothing is known, and of what only some; not what teams supply."""
    known = [(field["label"], line["fields"][field["name"]]) for field in fields if field["supplier"] == OF_SCHOOL]
    nothing = [label for label, count in known if not count]
    some = [f"{label} ({count:,} of {line['pupils']:,})" for label, count in known if 0 < count < line["pupils"]]
    return ", ".join(nothing) or "none", ", ".join(some) or "none"


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
    return _page(request, "overrides", found, reasons=reasons, rows=rows, svg=svg, rates=_rates(found["items"]))


def _rates(items: list[dict[str, Any]]) -> list[tuple[str, int, int, str]]:
    """School, overrides, pupils on roll, overrides of 100 pupils; the highest rate first."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}  # by URN, too: two schools may have one name
    for item in items:
        school = item["school"] or {"urn": "", "name": queries.OWN_ROLL}
        whose = school["urn"], school["name"]
        sums[whose] = sums.get(whose, (0, 0))[0] + item["count"], item["pupils"]
    rated = [
        (name, count, pupils, 100 * count / pupils if pupils else None) for (_, name), (count, pupils) in sums.items()
    ]
    return [
        (name, count, pupils, _one_place(rate))
        for name, count, pupils, rate in sorted(rated, key=lambda one: -(one[3] or 0))
    ]


def _page(request: Request, name: str, found: dict[str, Any], **context: Any) -> Response:
    title = next(words for key, words, _ in REPORTS if key == name)
    return render(
        request, f"reports/{name}.html",
        **{
            "title": f"{title}: {found['check']['label']}", "heading": title, "back": "/reports", "here": name,
            "found": found, "reports": REPORTS, "wide": True, "part": "/reports", **context,
        },
    )  # fmt: skip
