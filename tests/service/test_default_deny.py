"""Nobody gets what no grant gives them: every route of the app, whoever calls, and whosever things are asked for.

The routes are those of the running app, so that a new one is walked without being named here. What it takes is worked
out from its description; where that is not enough, the walk fails and says what to add below.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Boolean, Date, Float, Integer, LargeBinary, Table, func, insert, select

from service import tables as t
from service.access import ROLES, Permission
from service.accounts.credentials import create_token
from service.clock import now
from service.refs import new_ref
from service.routing import StatedRoute, others_of, routes_of

# Why anybody may call these, without signing in.
OPEN_ROUTES = {
    "/livez": "tells a supervisor that the process runs",
    "/readyz": "tells a load balancer that the database answers",
    "/metrics": "checks its caller itself: this machine, a token of its own, or an administrator",
    "/sign-in": "is where one signs in",
    "/sign-in/council": "leads to the sign-in of a council or school",
    "/sign-in/council/answer": "is where that sign-in comes back to",
    "/sign-in/held": "checks the session itself: a form that was not sent",
    "/sign-out": "ends the session that it is sent, if any",
    "/role": "checks the session itself: it has no role yet",
    "/account/password": "checks the session itself: it may have to change the password first",
}
OPEN_OTHERS = {"/static", "/v1/openapi.json"}  # files of the front end; the description of the API

# What stands in a path: the table whose `ref` it is, or a value. `{thing}` is found in the table `things` by itself.
IN_PATHS = {
    "row": "supplement_rows",
    "person": "people",
    "earlier": "checks",
    "request": "pupil_requests",
    "list": "supplements",
    "supplement": "supplements",
}
SCHOOL = "100003"
VALUES = {
    "urn": SCHOOL,
    "model": "demo",
    "other": "demo",
    "name": "demo",
    "team": "send",
    "kind": "csv",
    "format": "csv",
    "field": "attendance",
}
# Bodies that cannot be worked out from the description of a route.
BODIES: dict[tuple[str, str], dict[str, Any]] = {}

SENTINELS = ("Zzyzxsurname", "Zzyzxforename", "Z999999999999")
OUTSIDERS = ("returns", "returns2", "careers", "coach", "coach_own", "virtual_school", "youth_justice", "panel")
INSIDERS = ("returns3", "careers3", "coach_south", "panel_south", "send", "analyst", "administrator")
KNOW_SCHOOLS = {"coach_own", "virtual_school", "youth_justice"}  # which schools there are, but nothing of their pupils
OWNERS = {"tokens": "returns3"}  # things of one person: nobody else may have them, whatever the role
BY_TEAM = {"supplements"}  # things of one council team
WRONG = "x-not-there"


class Walk:
    """The routes of a furnished service, and the things of one school that stand in their paths."""

    def __init__(self, service: Any) -> None:
        self.service = service
        one = service.schools[SCHOOL]
        service.add_person("returns3", "returns", school_id=one)
        service.add_person("careers3", "careers", school_id=one)
        service.add_person("panel_south", "panel", district="South")
        service.add_person("send", "team", team="send")
        service.add_person("example", "careers", school_id=one)
        self.refs = things(service)
        self.description = service.app.openapi()["paths"]
        self.routes = list(routes_of(service.app))

    def calls(self) -> Iterator[tuple[StatedRoute, str]]:
        for route in self.routes:
            for method in sorted(route.methods - {"HEAD"}):
                yield route, method

    def send(self, who: str, route: StatedRoute, method: str, *, body: bool = False) -> Any:
        """Call a route about the things of that one school."""
        sent = self._body(route, method) if body else {}
        headers = {"if-match": "*"} if body else {}
        client = self.service.as_(who)
        return client.request(method, self.address(route), headers=headers, follow_redirects=False, **sent)

    def address(self, route: StatedRoute) -> str:
        return "/".join(self._part(part) for part in route.path.split("/"))

    def _part(self, part: str) -> str:
        if not part.startswith("{"):
            return part
        name, _, rest = part.strip("{").partition("}")
        name = name.partition(":")[0]
        value = VALUES.get(name) or self.refs.get(IN_PATHS.get(name, name + "s"))
        assert value is not None, f"Say in IN_PATHS or VALUES what {{{name}}} is."
        return value + rest

    def owned(self, route: StatedRoute) -> set[str]:
        """The tables of what stands in the path and belongs to a school, a team or a person."""
        names = [part.strip("{}").partition(":")[0] for part in route.path.split("/") if part.startswith("{")]
        tables = {"schools" if name == "urn" else IN_PATHS.get(name, name + "s") for name in names} & set(self.refs)
        return {name for name in tables if name in OWNERS or name in BY_TEAM or _of_a_school(t.metadata.tables[name])}

    def _body(self, route: StatedRoute, method: str) -> dict[str, Any]:
        if method == "GET":
            return {}
        if (method, route.path) in BODIES:
            return BODIES[method, route.path]
        if route.is_page:
            return _form(route)
        content = self.description[route.path][method.lower()].get("requestBody", {}).get("content", {})
        components = self.service.app.openapi()["components"]["schemas"]
        for kind, described in content.items():
            made = _value(described["schema"], components)
            return {"json": made} if kind.endswith("json") else _multipart(made)
        return {}


def _form(route: StatedRoute) -> dict[str, Any]:
    """The form of a page: some text for all that it needs."""
    fields = route.route.dependant.body_params
    data = {field.alias: "1" for field in fields if "File" not in type(field.field_info).__name__}
    files = {field.alias: ("a.csv", b"UPN\n") for field in fields if "File" in type(field.field_info).__name__}
    return {"data": data, **({"files": files} if files else {})}


def _multipart(made: dict[str, Any]) -> dict[str, Any]:
    files = {key: ("a.csv", value) for key, value in made.items() if isinstance(value, bytes)}
    return {"files": files, "data": {key: value for key, value in made.items() if key not in files}}


def _value(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """A value that a schema takes: its example, else the plainest."""
    if "$ref" in schema:
        return _value(components[schema["$ref"].rpartition("/")[2]], components)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("example", "const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return _value(choices[0], components)
    return _plain(schema, components)


def _plain(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _value(properties[name], components) for name in schema.get("required", list(properties)[:1])}
    if kind == "array":
        return [_value(schema["items"], components)] if schema.get("minItems") else []
    if kind == "string":
        if schema.get("format") == "binary" or "contentMediaType" in schema:
            return b"UPN\n"
        return "2026-11-20" if schema.get("format") == "date" else "x" * max(1, schema.get("minLength", 1))
    return {"integer": max(1, schema.get("minimum", 1)), "number": 1.0, "boolean": False}.get(str(kind))


def _of_a_school(table: Table) -> bool:
    return table.name in ("pupils", "schools") or bool({"pupil_id", "school_id"} & set(table.columns.keys()))


GIVEN: dict[str, dict[str, Any]] = {
    "pupils": {
        "name": f"{SENTINELS[0]}, {SENTINELS[1]}",
        "search": f"{SENTINELS[1]} {SENTINELS[0]}".casefold(),
        "upn": SENTINELS[2],
        "district": "South",
    },
    "checks": {
        "name": "november",
        "label": "November 2026",
        "focus_years": [11],
        "accepted_years": [9, 10, 11, 12],
    },
    "roll_pupils": {"status": "on_roll", "record": {"values": {"surname": SENTINELS[0]}}},
    "uploads": {"state": "staged"},
    "upload_pupils": {"record": {"values": {"surname": SENTINELS[0]}}},
    "register_rows": {"line": f'{{"name": "{SENTINELS[0]}"}}', "section": "ranked"},
    "registers": {"view": "school"},
    "grants": {"role": "careers"},
    "supplements": {"team": "send", "state": "live"},
    "supplement_rows": {"state": "matched", "pupil_id": None},
    "contacts": {"note": SENTINELS[0]},
}
NOT_MADE = {"people", "schools", "tokens", "sessions", "audit_events", "idempotency", "retention_runs"}


def things(service: Any) -> dict[str, str]:
    """One row in every table, all about one pupil of one school: the reference of each."""
    ids = {"schools": service.schools[SCHOOL], "people": service.people["example"]}
    refs: dict[str, str] = {}
    with service.database.write() as connection:
        for name in ("schools", "people"):
            table = t.metadata.tables[name]
            refs[name] = connection.execute(select(table.c.ref).where(table.c.id == ids[name])).scalar_one()
        owner = service.people[OWNERS["tokens"]]
        granted = connection.execute(select(t.grants.c.id).where(t.grants.c.person_id == owner)).scalar_one()
        _, refs["tokens"] = create_token(connection, service.settings, owner, granted, "one to look for")
        for table in t.metadata.sorted_tables:
            if table.name in NOT_MADE:
                continue
            row = _row(table, ids)
            key = connection.execute(insert(table).values(**row)).inserted_primary_key
            ids[table.name] = key[0]
            if "ref" in table.columns:
                refs[table.name] = row["ref"]
    return refs


def _row(table: Table, ids: dict[str, int]) -> dict[str, Any]:
    given = GIVEN.get(table.name, {})
    row: dict[str, Any] = {}
    for column in table.columns:
        targets = [key.column.table.name for key in column.foreign_keys]
        if column.name in given:
            row[column.name] = given[column.name]
        elif column.name == "year":
            row["year"] = next(_counted)  # one November a year
        elif column.name == "ref":
            row["ref"] = new_ref("example")
        elif targets:
            row[column.name] = ids.get(targets[0])
        elif column.name != "id" and column.default is None and not column.nullable:
            row[column.name] = _anything(column.type, table.name)
    return row


_counted = iter(range(1000, 9999))


def _anything(kind: Any, name: str) -> Any:
    if isinstance(kind, t.Instant):
        return now()
    count = next(_counted)
    values = {Date: date(2026, 11, 20), Boolean: True, Integer: 1, Float: 0.0, LargeBinary: b"", t.JSON: {}}
    found = [value for of, value in values.items() if isinstance(kind, of)]
    return found[0] if found else f"{name[:2]}{count}"


@pytest.fixture
def walk(sqlite_service: Any) -> Walk:
    return Walk(sqlite_service)


@pytest.fixture(scope="module")
def refused_walk(module_service: Any) -> Walk:
    """One for every test whose calls are all refused, and so change nothing."""
    return Walk(module_service)


def test_what_anybody_may_call_is_named_with_its_reason(refused_walk: Walk) -> None:
    found = {route.path for route in refused_walk.routes if route.permissions == ()}
    assert found <= set(OPEN_ROUTES), "say in OPEN_ROUTES why anybody may call these"
    assert set(others_of(refused_walk.service.app)) <= OPEN_OTHERS


def test_nobody_gets_anything_without_signing_in(refused_walk: Walk) -> None:
    wrong = []
    for route, method in refused_walk.calls():
        if route.permissions == ():
            continue
        answer = refused_walk.send("nobody", route, method)
        if route.is_page:
            refused = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        else:
            refused = answer.status_code == 401 and answer.json()["code"] == "not_signed_in"
        if not refused:
            wrong.append(f"{method} {route.path}: {answer.status_code}")
    assert wrong == []


ONE_OF_EACH = {
    "returns": "returns", "careers": "careers", "coach": "coach", "team": "virtual_school", "panel": "panel",
    "analyst": "analyst", "administrator": "administrator",
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_nothing_that_it_does_not_include(refused_walk: Walk, role: str) -> None:
    wrong = []
    for route, method in refused_walk.calls():
        if set(route.permissions or ()) <= ROLES[role]:
            continue
        status = refused_walk.send(ONE_OF_EACH[role], route, method).status_code
        if status != 403:
            wrong.append(f"{method} {route.path}: {status}")
    assert wrong == []


def test_a_token_gets_nothing_beyond_its_scopes(refused_walk: Walk) -> None:
    service = refused_walk.service
    with service.database.write() as connection:
        granted = connection.execute(
            select(t.grants.c.id).where(t.grants.c.person_id == service.people["analyst"])
        ).scalar_one()
        service.tokens["narrow"], _ = create_token(
            connection, service.settings, service.people["analyst"], granted, "narrow", [Permission.ME]
        )
    wrong = []
    for route, method in refused_walk.calls():
        if set(route.permissions or ()) <= {Permission.ME}:
            continue
        status = refused_walk.send("narrow", route, method).status_code
        if status != 403:
            wrong.append(f"{method} {route.path}: {status}")
    assert wrong == []


def _allowed(who: str, route: StatedRoute) -> bool:
    return set(route.permissions or ()) <= ROLES[_role(who)]


def _role(who: str) -> str:
    plain = who.rstrip("23").removesuffix("_own").removesuffix("_south")
    return plain if plain in ROLES else "team"


def test_what_belongs_to_others_is_not_there(refused_walk: Walk) -> None:
    """Another school's, coach's or team's things are 404, whatever is asked of them, and stay as they are."""
    before = _counts(refused_walk)
    wrong = []
    for route, method in refused_walk.calls():
        owned = refused_walk.owned(route)
        if not route.permissions or not owned:
            continue
        for who in OUTSIDERS:
            if _allowed(who, route) and not (owned == {"schools"} and who in KNOW_SCHOOLS):
                status = refused_walk.send(who, route, method, body=True).status_code
                if status != 404:
                    wrong.append(f"{who} {method} {route.path}: {status}")
    assert wrong == []
    assert _counts(refused_walk) == before


def test_the_same_things_are_there_for_those_they_belong_to(walk: Walk) -> None:
    """So that the walk above is not merely sent to wrong addresses."""
    wrong = []
    for route, method in sorted(
        walk.calls(), key=lambda call: ("GET", "PATCH", "PUT", "POST", "DELETE").index(call[1])
    ):
        owned = walk.owned(route)
        if not route.permissions or not owned:
            continue
        asked = [who for who in INSIDERS if _allowed(who, route)]
        if owned & set(OWNERS):
            asked = [OWNERS[name] for name in owned & set(OWNERS)]
        statuses = {}
        for who in {*asked[:1], *asked[-1:]}:
            if method != "GET":
                walk.refs = things(walk.service)  # the last call may have used the others up
            statuses[who] = walk.send(who, route, method, body=True).status_code
        if asked and set(statuses.values()) <= {401, 403, 404}:
            wrong.append(f"{method} {route.path}: {statuses}")
    assert wrong == []


def test_nothing_of_another_schools_pupils_is_in_any_answer(walk: Walk) -> None:
    wrong = []
    for route, method in walk.calls():
        for who in OUTSIDERS:
            if not route.permissions or not _allowed(who, route) or (method != "GET" and walk.owned(route)):
                continue
            said = walk.send(who, route, method, body=True).text
            if any(sentinel.casefold() in said.casefold() for sentinel in SENTINELS):
                wrong.append(f"{who} {method} {route.path}")
    assert wrong == []


def _counts(walk: Walk) -> dict[str, int]:
    """How many rows each table has; looking is recorded, and a token's last use."""
    with walk.service.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in t.metadata.sorted_tables
            if table.name not in ("audit_events", "pupil_links", "idempotency")
        }


def test_a_reference_that_is_not_there_is_not_found(walk: Walk) -> None:
    wrong = []
    known, walk.refs = walk.refs, dict.fromkeys(walk.refs, WRONG)
    for route, method in walk.calls():
        if not route.permissions or "{" not in route.path:
            continue
        who = next((who for who in INSIDERS if _allowed(who, route)), None)
        if who is None or WRONG not in walk.address(route):
            continue
        status = walk.send(who, route, method, body=True).status_code
        if status != 404:
            wrong.append(f"{who} {method} {route.path}: {status}")
    walk.refs = known
    assert wrong == []
