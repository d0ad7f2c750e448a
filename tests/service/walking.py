"""The routes of the running app, and things of one school to call them about, so that a new route is walked by itself.

What a route takes is worked out from its description; where that is not enough, the walk fails and says what to add.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Float, Integer, LargeBinary, Table, insert, select

from service import tables as t
from service.accounts.credentials import create_token
from service.clock import now
from service.refs import new_ref
from service.routing import StatedRoute, routes_of

# What stands in a path: the table whose `ref` it is, or a value. `{thing}` is found in the table `things` by itself.
IN_PATHS = {
    "leaver": "pupils",
    "row": "supplement_rows",
    "person": "people",
    "earlier": "checks",
    "request": "pupil_requests",
    "list": "supplements",
    "supplement": "supplements",
}
SCHOOL, ABSENT_URN, ABSENT = "100003", "999999", "x-not-there"
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
# Things of one person: nobody else may have them, whatever the role.
OWNERS = {"tokens": "returns3", "sheets": "coach_south"}
BY_TEAM = {"supplements"}  # things of one council team


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
        self.absent = False  # whether paths lead to things that are not there, where they would be somebody's
        self.unknown: set[str] = set()  # placeholders that nothing is known to stand for

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
        kinds = {field.alias: field.field_info.annotation for field in route.route.dependant.path_params}
        return "/".join(self._part(part, kinds) for part in route.path.split("/"))

    def _part(self, part: str, kinds: dict[str, Any]) -> str:
        if not part.startswith("{"):
            return part
        name, _, rest = part.strip("{").partition("}")
        name = name.partition(":")[0]
        table = _table(name)
        value = VALUES.get(name) or self.refs.get(table)
        if self.absent and _is_owned(table):
            return (ABSENT_URN if name == "urn" else ABSENT) + rest
        if value is None and kinds.get(name) is int:
            value = "0"
        if value is None:
            self.unknown.add(name)
        return (value or "unknown") + rest

    def owned(self, route: StatedRoute) -> set[str]:
        """The tables of what stands in the path and belongs to a school, a team or a person."""
        names = [part.strip("{}").partition(":")[0] for part in route.path.split("/") if part.startswith("{")]
        tables = {_table(name) for name in names} & set(self.refs)
        return {name for name in tables if _is_owned(name)}

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


def _table(name: str) -> str:
    """The table that a placeholder's things are in."""
    return "schools" if name == "urn" else IN_PATHS.get(name, name + "s")


def _is_owned(name: str) -> bool:
    table = t.metadata.tables.get(name)
    return name in OWNERS or name in BY_TEAM or (table is not None and _of_a_school(table))


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
    "resolutions": {"kind": "moved_unlisted"},
    "submissions": {"receipt": {"confirmed_at": "2026-11-20T12:00:00+00:00"}},
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
            if table.name in OWNERS:
                row["by_id"] = service.people[OWNERS[table.name]]
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
