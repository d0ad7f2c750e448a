"""The several ways by which a field's value can come, tried in order: the first known one is used for each pupil."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.fields import NOT_KNOWN_WORDS, Dictionary, Field, Route, squeeze
from roni.parsing import Distinct
from roni.streams import upstream
from roni.values import UNKNOWN, Values, is_known, not_known

# Two routes to a per cent agree within half a per cent: one of them is often rounded to a whole number.
TOLERANCE = 0.5
PARTS = re.compile(r"[/(),:;*=]|\s[-–—]\s|\.$")
GIVEN = 0  # the route of a field's own column; its other routes count from 1


@dataclass(frozen=True)
class Routed:
    """Columns after routing. For each routed field: `used`, the place of the route that each pupil's value came by
    (-1 none, 0 its own column, i for routes[i-1]); `conflict`, where known routes disagree; `impossible`, where a
    route gave what cannot be."""

    columns: dict[str, Values]
    used: dict[str, NDArray[np.int8]]
    conflict: dict[str, NDArray[np.bool_]]
    impossible: dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class _Inputs:
    fields: Dictionary
    columns: dict[str, Values]
    supplied: Mapping[str, NDArray[np.bool_]]
    size: int

    def values(self, name: str) -> Values:
        found = self.columns.get(name)
        return not_known(self.fields[name], self.size) if found is None else found

    def known(self, name: str) -> NDArray[np.bool_]:
        return is_known(self.fields[name], self.values(name))


def route(
    fields: Dictionary,
    columns: Mapping[str, Values],
    supplied: Mapping[str, NDArray[np.bool_]],
    size: int,
    only: Iterable[str] | None = None,
) -> Routed:
    """Work out every field that has routes. `supplied[name]` says for which rows a file had that column at all.

    With `only` no more than these fields, and those that they come from.
    """
    inputs = _Inputs(fields, dict(columns), supplied, size)
    result = Routed(inputs.columns, {}, {}, {})
    wanted = fields if only is None else upstream(fields, only)
    for item in fields.once("in order of routes", _in_order):
        if item.name in wanted:
            _settle(item, inputs, result)
    return result


def _in_order(fields: Dictionary) -> list[Field]:
    """Every field that has routes, after those that it may be worked out from."""
    found: dict[str, Field] = {}
    begun: set[str] = set()

    def settle(item: Field) -> None:
        if item.name in begun:
            return
        begun.add(item.name)
        for source in dict.fromkeys(source for way in item.routes for source in way.inputs):
            settle(fields[source])
        if item.routes:
            found[item.name] = item

    for item in fields.values():
        settle(item)
    return list(found.values())


def overruled(given: Mapping[str, Values], settled: Mapping[str, Values]) -> dict[str, Values | None]:
    """The own columns of fields that routes filled or overruled; None where there is no own column."""
    return {name: given.get(name) for name, values in settled.items() if values is not given.get(name)}


def without_sessions(routed: Routed) -> NDArray[np.bool_]:
    """Mark pupils with no possible session: whatever is stated, their attendance is not known, and is blanked."""
    attendance, possible = routed.columns.get("attendance"), routed.columns.get("sessions_possible")
    if attendance is None or possible is None:
        return np.zeros(0 if attendance is None else len(attendance), dtype=bool)
    stated = (possible == 0) & ~np.isnan(attendance)
    routed.columns["attendance"] = np.where(stated, np.nan, attendance)
    return np.asarray(stated)


def _settle(item: Field, inputs: _Inputs, result: Routed) -> None:
    ways = [way for way in item.routes if any(source in inputs.columns for source in way.inputs)]
    if not ways:
        return
    if all(way.kind == "any_of" for way in item.routes):
        result.columns[item.name] = _any_of(item, Route("any_of", _columns_of(item)), inputs)
        return
    choice = _FirstKnown(item, inputs.size)
    for way in (way for way in ways if way.first):
        choice.offer(KINDS[way.kind](item, way, inputs), item.routes.index(way) + 1)
    settled = choice.known  # what a first route says is not a disagreement: it is the later fact
    choice.offer(inputs.values(item.name), GIVEN)
    for way in (way for way in ways if not way.first):
        choice.offer(KINDS[way.kind](item, way, inputs), item.routes.index(way) + 1)
    result.columns[item.name] = choice.values
    result.used[item.name] = choice.used
    result.conflict[item.name] = choice.conflict & ~settled
    result.impossible[item.name] = choice.impossible


def _columns_of(item: Field) -> tuple[str, ...]:
    return (item.name, *(name for way in item.routes for name in way.inputs))


class _FirstKnown:
    """For each pupil the first known value offered, by which route it came, and where a later one disagrees."""

    def __init__(self, item: Field, size: int) -> None:
        self.item = item
        self.values = not_known(item, size)
        self.known = np.zeros(size, dtype=bool)
        self.used: NDArray[np.int8] = np.full(size, -1, dtype=np.int8)
        self.conflict = np.zeros(size, dtype=bool)
        self.impossible = np.zeros(size, dtype=bool)

    def offer(self, found: Values, place: int) -> None:
        bad = _out_of_range(self.item, found)
        known = is_known(self.item, found) & ~bad
        self.impossible |= bad & ~self.known
        self.conflict |= self.known & known & _differ(self.item, self.values, found)
        fill = known & ~self.known
        if fill.all():
            self.values = found
        elif fill.any():
            self.values = chosen(self.item, fill, found, self.values)
        self.used[fill] = place
        self.known = self.known | known


def chosen(item: Field, mask: NDArray[np.bool_], yes: Values, no: Values) -> Values:
    """A column of one field: `yes` where the mask says so, `no` elsewhere."""
    if item.type != "text":
        return np.asarray(np.where(mask, yes, no), dtype=UNKNOWN[item.type][0])
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(mask), yes, no)


def _out_of_range(item: Field, values: Values) -> NDArray[np.bool_]:
    if item.type != "percent":
        return np.zeros(len(values), dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray((values < (item.minimum or 0)) | (values > (100 if item.maximum is None else item.maximum)))


def _differ(item: Field, left: Values, right: Values) -> NDArray[np.bool_]:
    if item.type == "percent":
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(left - right) > TOLERANCE)
    if item.type != "text":
        return np.asarray(left != right)
    import pyarrow.compute as pc

    differ = pc.not_equal(pc.utf8_lower(left), pc.utf8_lower(right)).fill_null(False)
    return np.asarray(differ.to_numpy(zero_copy_only=False))


def _number(inputs: _Inputs, name: str) -> NDArray[np.float64]:
    values = inputs.values(name)
    return np.where(inputs.known(name), values, np.nan).astype(np.float64, copy=False)


def _per_cent_of(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, 100.0 * part / whole, np.nan)  # no possible session: nothing is known


def _share(_: Field, way: Route, inputs: _Inputs) -> Values:
    return _per_cent_of(_number(inputs, way.inputs[0]), _number(inputs, way.inputs[1]))


def _remainder(_: Field, way: Route, inputs: _Inputs) -> Values:
    *parts, whole = way.inputs
    missed = sum((_number(inputs, name) for name in parts), start=np.zeros(inputs.size))
    return _round(100.0 - _per_cent_of(missed, _number(inputs, whole)))


def _complement(_: Field, way: Route, inputs: _Inputs) -> Values:
    return _round(100.0 - _number(inputs, way.inputs[0]))


def _round(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(values, 10)  # 100 - 10.1 is 89.9, not 89.90000000000001


def _positive(_: Field, way: Route, inputs: _Inputs) -> Values:
    name = way.inputs[0]
    values = inputs.values(name)
    return np.where(inputs.known(name), np.where(values > 0, 1, -1), 0).astype(np.int8)


def _given(_: Field, way: Route, inputs: _Inputs) -> Values:
    return inputs.known(way.inputs[0]).astype(np.int8)


def _same(_: Field, way: Route, inputs: _Inputs) -> Values:
    return inputs.values(way.inputs[0])


def _flags(item: Field, way: Route, inputs: _Inputs) -> Values:
    """The code of the first flag that is yes; `otherwise` where every one of them is known to be no."""
    order = list(item.codes)
    flags = [inputs.values(name) for name in way.inputs]
    no = np.logical_and.reduce([flag < 0 for flag in flags])
    values = np.where(no, order.index(str(way.otherwise)), -1).astype(np.int16)
    for name, flag in zip(reversed(way.inputs), reversed(flags), strict=True):
        values[flag > 0] = order.index(way.codes[name])
    return values


def _coded(item: Field, way: Route, inputs: _Inputs) -> Values:
    """Each distinct code or text of the input looked up; what is not listed reads as `otherwise` or is not known."""
    source = inputs.fields[way.inputs[0]]
    values = inputs.values(source.name)
    answers = {squeeze(text): _inner(item, answer) for text, answer in way.codes.items()}
    other = UNKNOWN[item.type][1] if way.otherwise is None else _inner(item, way.otherwise)
    unknown = UNKNOWN[item.type][1]
    if source.type == "code":
        table = [answers.get(squeeze(code), other) for code in source.codes] + [unknown]
        return np.array(table, dtype=UNKNOWN[item.type][0])[values]  # place -1 is the last: not known
    distinct = Distinct.of(values)
    silent = {squeeze(text) for text in (*source.not_known, *NOT_KNOWN_WORDS)} | {""}
    table = [_said(text, answers, silent, unknown, other) for text in distinct.texts]
    return np.array(table, dtype=UNKNOWN[item.type][0])[distinct.places]


def _said(text: str, answers: Mapping[str, Any], silent: set[str], unknown: Any, other: Any) -> Any:
    """What the whole text says, or all its parts alike: "English/Believed to be English", "Refused (REF)"."""
    for words in ({squeeze(text)}, {squeeze(part) for part in PARTS.split(text)} - {""}):
        if words and words <= silent:
            return unknown
        if words <= answers.keys() and len({answers[word] for word in words}) == 1:
            return answers[min(words)]
    return other


def _inner(item: Field, answer: str) -> Any:
    if answer == "not known":
        return UNKNOWN[item.type][1]
    return {"yes": 1, "no": -1}[answer] if item.type == "flag" else list(item.codes).index(answer)


def _any_of(_: Field, way: Route, inputs: _Inputs) -> Values:
    """Yes if any is yes; no only where every column that was supplied says no."""
    names = [name for name in way.inputs if name in inputs.columns]
    yes = np.zeros(inputs.size, dtype=bool)
    silent = np.zeros(inputs.size, dtype=bool)
    no = np.zeros(inputs.size, dtype=bool)
    for name in names:
        flag = inputs.values(name)
        yes |= flag > 0
        no |= flag < 0
        silent |= (flag == 0) & inputs.supplied.get(name, np.zeros(inputs.size, dtype=bool))
    return np.where(yes, 1, np.where(no & ~silent, -1, 0)).astype(np.int8)


def _comma_part(place: int) -> Callable[[Field, Route, _Inputs], Values]:
    def split(_: Field, way: Route, inputs: _Inputs) -> Values:
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = inputs.values(way.inputs[0])
        pattern = r"^(?P<before>[^,]*),(?P<after>.*)$"
        part = pc.struct_field(pc.extract_regex(texts, pattern), [place])
        part = pc.utf8_trim_whitespace(part)
        return pc.if_else(pc.equal(pc.utf8_length(part), 0), pa.scalar(None, pa.string()), part)

    return split


KINDS: Mapping[str, Callable[[Field, Route, _Inputs], Values]] = {
    "share": _share,
    "remainder": _remainder,
    "complement": _complement,
    "positive": _positive,
    "given": _given,
    "same": _same,
    "flags": _flags,
    "any_of": _any_of,
    "coded": _coded,
    "before_comma": _comma_part(0),
    "after_comma": _comma_part(1),
}
