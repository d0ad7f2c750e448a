"""The capacity cut: the first n of a list, whoever the rules alone would have put there, and the tie at the cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, func, select

from roni import Shortlist
from service import tables as t
from service.access import Access
from service.registers.order import RANKED, WIDTH, level
from service.registers.page import Slice, in_order, read_rows, reads_few, rows_query

r = t.register_rows.c
PAST_EVERY_KEY = "\U0010ffff"


@dataclass(frozen=True)
class Cut:
    """A list cut at `asked` pupils; `displaced` would have been in it by the rules alone and are seen too."""

    asked: int
    in_list: int
    displaced: Slice
    tied: int
    tied_in: int

    @property
    def sentence(self) -> str:
        """What to know about the cut, in the library's words."""
        displaced = np.arange(len(self.displaced.rows))
        return Shortlist(np.arange(self.in_list), displaced, self.tied, self.tied_in).sentence

    def to_dict(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "in_list": self.in_list,
            "tied": self.tied,
            "tied_in": self.tied_in,
            "sentence": self.sentence,
        }


def cut(connection: Connection, access: Access, condition: ColumnElement[bool], asked: int) -> Cut:
    """Where a list of ranked pupils ends."""
    section = r.section.concat("") if reads_few(access) else r.section  # not by its index either
    ranked = condition & (section == RANKED)
    inside = select(r.sort, r.pupil_id).where(ranked).order_by(in_order(access)).limit(asked).subquery()
    in_list, last = connection.execute(select(func.count(), func.max(inside.c.sort))).one()
    if last is None:
        return Cut(asked, 0, Slice([], 0, False), 0, 0)
    equal = level(last)
    tied_in = connection.execute(select(func.count()).where(inside.c.sort >= equal)).scalar_one()
    outside = ranked & (r.sort > last)
    tied = connection.execute(select(func.count()).where(outside, r.sort < equal + PAST_EVERY_KEY)).scalar_one()
    ids = list(connection.execute(by_rules(access, ranked, asked)).scalars())
    rows = read_rows(connection, rows_query(outside & r.id.in_(ids))) if ids else []
    return Cut(asked, int(in_list), Slice(rows, 0, False), int(tied), int(tied_in) if tied else 0)


def by_rules(access: Access, ranked: ColumnElement[bool], asked: int) -> Select[int]:
    """Whom the rules alone would have put first; as in `in_order`, by the index only for who reads most."""
    band = r.rules_band + 0 if reads_few(access) else r.rules_band
    order = (band.desc(), r.points.desc(), r.points_max.desc(), func.substr(r.sort, WIDTH + 1))
    return select(r.id).where(ranked).order_by(*order).limit(asked)
