"""The rows of a list as a page: escaped a row at a time, and the same as if each text were escaped alone."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

from service.registers.row import TEXTS, Row, escaped
from service.web import TEMPLATES, environment

SOURCE = (TEMPLATES / "registers" / "lines.html").read_text(encoding="utf-8")
ALONE = SOURCE.replace("{% autoescape false %}", "{% autoescape true %}").replace("|escaped", "")
HOSTILE = """<img src=x onerror='alert("1")'>&amp;"""

said = st.text("ab <>&\"';#\x1f\\", max_size=8)
rows = st.builds(
    Row,
    *(st.none() | st.integers(1, 9) if name == "rank" else st.booleans() for name in Row._fields[:5]),
    st.lists(said, max_size=2),
    st.lists(st.tuples(said, said), max_size=3),
    *(st.sampled_from(["", "new"]) | said if name == "place" else said for name in Row._fields[TEXTS:]),
)


@cache
def compiled(source: str) -> Any:
    return environment().from_string(source, globals={"new_key": lambda: "key"}).make_module()


def shown(source: str, listed: list[Row], *, act: bool = True) -> str:
    done = {"back": HOSTILE, "quick": Markup("<label>"), "me": HOSTILE, "more": HOSTILE} if act else None
    return str(compiled(source).line_table(HOSTILE, listed, HOSTILE, True, True, done, ranks=True))


def every(text: str, **given: Any) -> Row:
    """A row all of whose texts are this one."""
    return Row(1, True, True, False, True, [text], [(text, text)], *[text] * (len(Row._fields) - TEXTS))._replace(
        **given
    )


@settings(max_examples=50, deadline=None)
@given(listed=st.lists(rows, max_size=3), act=st.booleans())
def test_a_list_is_byte_for_byte_what_escaping_each_text_alone_gives(listed: list[Row], act: bool) -> None:
    assert "|escaped" not in ALONE
    assert "autoescape false" not in ALONE
    assert shown(SOURCE, listed, act=act) == shown(ALONE, listed, act=act)


@pytest.mark.parametrize("given", [{}, {"scored": False}, {"place": "new"}, {"named": True, "marks_differ": False}])
def test_nothing_of_a_hostile_row_is_markup(given: dict[str, Any]) -> None:
    page = shown(SOURCE, [every(HOSTILE, **given)])
    assert "<img" not in page
    assert page.count("&lt;img") > 20
    assert "&amp;amp;" in page  # an entity in a text is a text


@pytest.mark.parametrize("text", ["<", ">", "&", '"', "'"])
def test_each_sign_that_html_reads_is_escaped_wherever_in_a_row_it_stands(text: str) -> None:
    plain, safe = every("a"), str(escape(text))
    for name in Row._fields[TEXTS:]:
        [values] = escaped([plain._replace(**{name: text})])
        assert Row(*values) == plain._replace(**{name: safe})
    [values] = escaped([plain._replace(tags=[text], reasons=[("a", text)])])
    assert Row(*values) == plain._replace(tags=[safe], reasons=[("a", safe)])


def test_the_loop_names_the_fields_of_a_row_in_their_order() -> None:
    found = re.search(r"{% for ([\w, ]+) in rows\|escaped %}", SOURCE)
    assert found
    assert tuple(found[1].split(", ")) == Row._fields
