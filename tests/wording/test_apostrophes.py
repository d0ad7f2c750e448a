"""What people read has the apostrophe of print: in sentences of the code, in the words of TOML files, on pages."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / name for name in ("roni", "service") if (ROOT / name).is_dir()]
STRAIGHT = re.compile(r"(?<=[A-Za-z])'(?=(?:s|t|re|ll|ve|d|m)\b)|^'s\b|(?<=[a-z]s)'(?= [a-z(])")
NO_SENTENCES = {
    "roni/fields.py": "words that schools type",
    "service/row_security.py": "SQL",
}
AS_TYPED = {"codes", "headings", "words", "values"}  # of TOML files: what schools and councils write
MARKUP = re.compile(r"{#.*?#}|{{.*?}}|{%.*?%}|<[^>]*>", re.DOTALL)


def sentences(code: str) -> Iterator[str]:
    """The texts of a module that are no docstrings."""
    tree = ast.parse(code)
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loose:
            yield node.value


def texts(value: Any) -> Iterator[str]:
    """The texts of a TOML file, without lists of what is typed."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in AS_TYPED:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            if not isinstance(inner, str):
                yield from texts(inner)


def files(ending: str) -> list[Path]:
    return sorted(path for package in PACKAGES for path in package.rglob(f"*.{ending}"))


def straight(found: Iterator[str]) -> list[str]:
    return [text for text in found if STRAIGHT.search(text)]


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("'''It's code.'''", []),
        ('refuse("The school’s file")', []),
        ('refuse("The school\'s file")', ["The school's file"]),
        ('refuse(f"{council}\'s schools")', ["'s schools"]),
        ('refuse("all schools\' files")', ["all schools' files"]),
    ],
)
def test_the_search_finds_what_it_should(code: str, wrong: list[str]) -> None:
    assert straight(sentences(code)) == wrong


def test_no_sentence_of_the_code_has_a_straight_apostrophe() -> None:
    found = {
        name: straight(sentences(path.read_text("utf-8")))
        for path in files("py")
        if (name := str(path.relative_to(ROOT))) not in NO_SENTENCES
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_no_words_of_a_toml_file_have_a_straight_apostrophe() -> None:
    found = {
        str(path.relative_to(ROOT)): straight(texts(tomllib.loads(path.read_text("utf-8")))) for path in files("toml")
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_no_page_has_a_straight_apostrophe() -> None:
    found = {
        str(path.relative_to(ROOT)): straight(iter(MARKUP.sub("\n", path.read_text("utf-8")).splitlines()))
        for path in files("html")
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
