"""A model as a file: the same to the bit when it is read again, refused where anything is wrong with it."""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.cohort import Cohort
from roni.errors import ModelError, RoniError
from roni.model import Model, digest_of, document
from roni.model import file as model_file
from roni.model.file import MOST_BYTES, MOST_DEPTH, open_model, read_model, save_model
from tests.models import CARD, FIELDS, INVENTED, TABLES, model_of, models
from tests.strategies import cohorts

Change = Callable[[dict[str, Any]], None]


def saved(model: Model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return (save_model(model, folder) / "model.json").read_bytes()


CONTENT = saved(model_of(bags=(TABLES,)))


def rewritten(change: Change) -> bytes:
    """A model file changed by somebody who also works out its digest anew."""
    data = json.loads(CONTENT)
    change(data)
    data["digest"] = digest_of(data)
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


@settings(max_examples=40, deadline=None)
@given(models(bags=True), cohorts(FIELDS))
def test_a_saved_model_scores_the_same_to_the_bit(model: Model, cohort: Cohort) -> None:
    again = read_model(saved(model), "model.json")
    assert again == model
    assert again.digest == model.digest
    assert again.probability(cohort).tobytes() == model.probability(cohort).tobytes()
    assert again.contributions(cohort).tobytes() == model.contributions(cohort).tobytes()
    assert again.interval(cohort).low.tobytes() == model.interval(cohort).low.tobytes()
    assert saved(again) == saved(model)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(CONTENT) - 1), st.integers(0, 255))
def test_a_model_with_one_byte_changed_is_refused(place: int, byte: int) -> None:
    changed = CONTENT[:place] + bytes([byte]) + CONTENT[place + 1 :]
    if changed == CONTENT:
        read_model(changed, "model.json")
        return
    with pytest.raises(ModelError, match=r"^model\.json: "):
        read_model(changed, "model.json")


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(CONTENT)), st.sampled_from([b" ", b"\n", b"\r", b"0", b"\xef\xbb\xbf"]))
def test_a_model_with_one_byte_more_or_less_is_refused(place: int, more: bytes) -> None:
    for changed in (CONTENT[:place] + more + CONTENT[place:], CONTENT[:place] + CONTENT[place + 1 :]):
        if changed != CONTENT:
            with pytest.raises(ModelError, match=r"^model\.json: "):
                read_model(changed, "model.json")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data.update(schema=2), "its schema is not one that this version of roni reads"),
        (lambda data: data.update(schema=True), "its schema is not one"),
        (lambda data: data.update(schema="1"), "its schema is not one"),
        (lambda data: data.pop("schema"), "its schema is not one"),
        (lambda data: data.update(run="me"), "“run” is not a key of a model"),
        (lambda data: data["card"].update(__class__="os"), "“card.__class__” is not a key of a model"),
        (lambda data: data.pop("bags"), "“bags” is missing"),
        (lambda data: data.update(name=["trial"]), "“name” is not of the right type"),
        (lambda data: data.update(card=[]), "“card” must be an object"),
        (lambda data: data.update(fields={}), "“fields” must be a list"),
        (lambda data: data["card"].update(synthetic=1), "“card.synthetic” is not of the right type"),
        (lambda data: data["card"].update(pupils=True), "“card.pupils” is not of the right type"),
        (lambda data: data["card"].update(versions={"numpy": 2}), "“card.versions” must hold texts"),
        (lambda data: data["tables"].update(base="NaN"), "“tables.base” is not of the right type"),
        (lambda data: data["tables"]["tables"][0]["values"].append("Infinity"), r"values\[3\]” is not of the right"),
        (lambda data: data["tables"]["tables"][0]["values"].append(1.0), "needs 3 values"),
        (lambda data: data["tables"]["tables"][0]["edges"].reverse(), "must rise"),
        (lambda data: data["tables"]["tables"][0].update(kind="pickle"), "kind is one of"),
        (lambda data: data["tables"]["tables"].pop(), "must be the same"),
        (lambda data: data.update(name="../../etc"), "no name for a model"),
        (lambda data: data.update(band_edges=[0.5, 0.4]), "must rise"),
        (lambda data: data.update(spread_factor=0.0), "must be above 0"),
        (lambda data: data["fields"][0].update(known=1.01), "must be from 0 to 1"),
        (lambda data: data["fields"][0].update(known=-0.01), "must be from 0 to 1"),
        (lambda data: data["fields"][0].update(known=None), r"fields\[0\].known” is not of the right type"),
    ],
)
def test_a_file_that_is_no_model_is_refused_though_its_digest_fits(change: Change, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        read_model(rewritten(change), "model.json")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a JSON file"),
        (b"\xff\xfe{}", "not a JSON file"),
        (b"[]", "this is not a model"),
        (b"null", "this is not a model"),
        (b"{}", "its schema is not one"),
        (pickle.dumps({"schema": 1}), "not a JSON file"),
        (b"[" * (MOST_DEPTH + 1), f"nested deeper than {MOST_DEPTH} levels"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b'"' + b"[" * 100, "nested deeper"),
        (b'{"schema": 1, "schema": 1}', "a key stands twice"),
        (b'{"schema": NaN}', "holds NaN, which is no number"),
        (b'{"schema": -Infinity}', "holds -Infinity, which is no number"),
        (b'{"schema": 1e999}', "a number larger than any in a model"),
        (b'{"schema": 1000000001}', "a number larger than any in a model"),
        (b'{"schema": ' + b"9" * 5000 + b"}", "a number larger than any in a model"),
        (b" " * (MOST_BYTES + 1), f"larger than {MOST_BYTES:,} bytes"),
    ],
)
def test_hostile_content_is_refused_with_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        read_model(content, "model.json")


def test_half_a_character_is_refused() -> None:
    data = json.loads(CONTENT)
    data["card"]["what"] = "\ud800"
    content = json.dumps({**data, "digest": digest_of(data)}).encode("ascii")
    with pytest.raises(ModelError, match="this is not a model"):
        read_model(content, "model.json")


def test_brackets_in_a_text_are_not_nesting() -> None:
    data = rewritten(lambda data: data["card"].update(what='a "[[[[[[[[[[[[" \\ text'))
    assert read_model(data, "model.json").card.what.startswith('a "[[[')


def test_an_older_schema_is_upgraded_and_keeps_the_digest_that_was_promoted(monkeypatch: pytest.MonkeyPatch) -> None:
    def older(data: dict[str, Any]) -> None:
        data.update(schema=0)
        data.pop("spread_factor")

    monkeypatch.setattr(model_file, "UPGRADES", {0: lambda data: {**data, "schema": 1, "spread_factor": 2.0}})
    content = rewritten(older)
    found = read_model(content, "model.json")
    assert found.tables == model_of().tables
    assert found.digest == json.loads(content)["digest"]
    assert read_model(saved(found), "model.json").digest == model_of(bags=(TABLES,)).digest


def test_saving_writes_the_model_and_a_card_that_names_its_digest(tmp_path: Path) -> None:
    model = model_of(card=INVENTED)
    folder = save_model(model, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["card.md", "model.json"]
    card = (folder / "card.md").read_text("utf-8")
    assert model.digest in card
    assert "trained on invented pupils" in card
    assert open_model(folder) == open_model(folder / "model.json") == model


def test_saving_again_replaces_the_model(tmp_path: Path) -> None:
    save_model(model_of(), tmp_path)
    folder = save_model(model_of(base=-3.0), tmp_path)
    assert open_model(folder).tables.base == -3.0


def test_a_model_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a number larger than any in a model"):
        save_model(model_of(base=1e10), tmp_path)
    assert list(tmp_path.glob("*/*")) == []


def test_a_model_is_not_written_where_there_is_no_folder_to_be(tmp_path: Path) -> None:
    (tmp_path / "trial").write_text("a file", "utf-8")
    with pytest.raises(RoniError, match="cannot be made"):
        save_model(model_of(), tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model here"):
        open_model(tmp_path)


def test_a_card_may_say_its_check_and_years_and_older_files_do_not(tmp_path: Path) -> None:
    said = model_of(card=replace(CARD, check="November", years=(10, 11)))
    assert open_model(save_model(said, tmp_path)) == said
    assert document(said)["card"]["check"] == "November"
    assert {"check", "years"}.isdisjoint(document(model_of())["card"])
    assert open_model(save_model(model_of(), tmp_path)).card.years == ()


def test_a_field_may_say_how_much_was_known_and_older_files_do_not(tmp_path: Path) -> None:
    said = model_of(known={"attendance": 1.0, "young_carer": 0.0})
    again = open_model(save_model(said, tmp_path))
    assert again == said
    assert [item.known for item in again.fields] == [1.0, None, 0.0, None]
    assert "known" not in document(said)["fields"][1]
    assert not any("known" in item for item in document(model_of())["fields"])
    assert said.digest != model_of().digest
    assert open_model(save_model(model_of(), tmp_path)).digest == model_of().digest


def test_a_share_written_as_a_whole_number_is_read() -> None:
    found = read_model(rewritten(lambda data: data["fields"][0].update(known=1)), "model.json")
    assert found.fields[0].known == 1


def test_a_model_may_be_asked_for_by_its_digest(tmp_path: Path) -> None:
    model = model_of()
    folder = save_model(model, tmp_path)
    assert open_model(str(folder), digest=model.digest) == model
    with pytest.raises(ModelError, match="this is not the model of the digest that was asked for"):
        open_model(folder, digest="0" * 64)
