"""The shelf: where a model is looked for, and the log of which one is in use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from roni.errors import ModelError
from roni.fields import Dictionary, national
from roni.model import Model
from roni.model.file import save_model
from roni.model.shelf import (
    LOCK,
    LOG,
    in_use,
    list_models,
    load_model,
    load_promoted,
    promote,
    promoted,
    promotions,
    rollback,
    shelf_folder,
)
from tests.models import model_of

NOVEMBER, JANUARY = "november 2026/27", "january 2026/27"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf that RONI_MODELS names, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RONI_MODELS", str(tmp_path / "shelf"))
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


@pytest.fixture
def put(shelf: Path) -> Callable[..., Model]:
    """Puts a model of a name on the shelf."""

    def putting(name: str, base: float = -2.0) -> Model:
        model = model_of(name=name, base=base)
        save_model(model, shelf)
        return model

    return putting


def ours() -> list[str]:
    """The models that can be named, but for those that come with roni."""
    return [entry.name for entry in list_models() if entry.name != "demo"]


def test_a_model_is_loaded_by_name_or_by_path(shelf: Path, put: Callable[..., Model]) -> None:
    model = put("one")
    assert load_model("one") == load_model(shelf / "one") == load_model(str(shelf / "one" / "model.json")) == model


def test_the_named_shelf_comes_before_the_folder_models(shelf: Path, put: Callable[..., Model]) -> None:
    save_model(model_of(name="one", base=-5.0), "models")
    save_model(model_of(name="two"), "models")
    put("one")
    assert load_model("one").tables.base == -2.0
    assert load_model("two").name == "two"
    assert ours() == ["one", "two"]
    assert shelf_folder() == shelf


@pytest.mark.usefixtures("shelf")
def test_without_the_variable_the_shelf_is_the_folder_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RONI_MODELS")
    assert not (shelf_folder() / "one").exists()
    save_model(model_of(name="one"), shelf_folder())
    assert load_model("one") == load_model(Path("models/one"))


def test_a_name_that_is_nowhere_is_refused_with_those_that_are(put: Callable[..., Model]) -> None:
    put("one")
    with pytest.raises(ModelError, match=r"“two” is neither a model on the shelf \(.*one.*\) nor the path of one"):
        load_model("two")


@pytest.mark.parametrize("name", ["../one", "/one", "one/", ".", ""])
def test_a_path_never_reaches_a_model_by_its_name(name: str, put: Callable[..., Model]) -> None:
    put("one")
    with pytest.raises(ModelError, match=r"nor the path of one|there is no model here"):
        load_model(name)


def test_a_folder_must_have_the_name_of_its_model(shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    (shelf / "one").rename(shelf / "two")
    with pytest.raises(ModelError, match="this folder holds the model “one”"):
        load_model("two")


def test_a_changed_field_is_refused_on_loading_and_a_new_one_is_not(put: Callable[..., Model]) -> None:
    put("one")
    known = national()
    load_model("one", Dictionary(known[name] for name in known))
    with pytest.raises(ModelError, match="it reads the field “attendance”, which is not in this dictionary"):
        load_model("one", Dictionary([known["sex"]]))


def test_what_is_refused_is_listed_with_the_reason(shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    put("spoilt")
    file = shelf / "spoilt" / "model.json"
    file.write_bytes(file.read_bytes().replace(b"-2.0", b"-2.5"))
    (shelf / "empty").mkdir()
    entries = {entry.name: entry for entry in list_models()}
    assert entries["one"].model == load_model("one")
    assert entries["spoilt"].model is None
    assert "its digest does not fit" in entries["spoilt"].refused
    assert "empty" not in entries


def test_nothing_is_promoted_at_first(shelf: Path) -> None:
    assert promoted(shelf) is None
    assert load_promoted(shelf) is None
    assert promotions(shelf) == []


def test_a_promotion_is_logged_with_its_digest_who_when_and_why(shelf: Path, put: Callable[..., Model]) -> None:
    model, before = put("one"), datetime.now(UTC).replace(microsecond=0)
    promote(shelf, "one", " measured on the leavers of 2026 ", "A. Analyst", NOVEMBER)
    (record,) = promotions(shelf)
    assert (record.name, record.digest, record.by, record.check) == ("one", model.digest, "A. Analyst", NOVEMBER)
    assert record.note == "measured on the leavers of 2026"
    assert before <= datetime.fromisoformat(record.when) <= datetime.now(UTC)
    assert json.loads((shelf / LOG).read_text("utf-8"))[0]["digest"] == model.digest


def test_the_last_promotion_counts_and_the_log_keeps_all(shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    second = put("two", -3.0)
    for name in ("one", "two"):
        promote(shelf, name, "why", "me")
    assert promoted(shelf) == second.digest
    assert [record.name for record in promotions(shelf)] == ["one", "two"]


def test_a_promotion_for_a_check_comes_before_one_for_every_check(shelf: Path, put: Callable[..., Model]) -> None:
    every, november = put("one"), put("two", -3.0)
    promote(shelf, "two", "why", "me", NOVEMBER)
    promote(shelf, "one", "why", "me")
    assert promoted(shelf, NOVEMBER) == november.digest
    assert promoted(shelf, JANUARY) == promoted(shelf) == every.digest


def test_rolling_back_goes_step_by_step_and_is_logged(shelf: Path, put: Callable[..., Model]) -> None:
    digests = [put(name, base).digest for name, base in (("one", -1.0), ("two", -2.0), ("three", -3.0))]
    for name in ("one", "two", "three"):
        promote(shelf, name, "why", "me")
    for digest in digests[1::-1]:
        rollback(shelf, "it was wrong", "me")
        assert promoted(shelf) == digest
    assert [record.action for record in promotions(shelf)] == ["promote"] * 3 + ["rollback"] * 2
    with pytest.raises(ModelError, match="there is nothing to go back to"):
        rollback(shelf, "", "me")


def test_a_check_with_one_model_of_its_own_goes_back_to_the_one_for_every_check(
    shelf: Path, put: Callable[..., Model]
) -> None:
    put("one")
    second = put("two", -3.0)
    put("three", -4.0)
    promote(shelf, "two", "why", "me")
    promote(shelf, "one", "why", "me", NOVEMBER)
    assert set(in_use(shelf)) == {"", NOVEMBER}
    assert rollback(shelf, "", "me", NOVEMBER).digest == second.digest
    assert promoted(shelf, NOVEMBER) == promoted(shelf) == second.digest
    assert in_use(shelf) == {"": second.digest}
    with pytest.raises(ModelError, match="there is nothing to go back to"):
        rollback(shelf, "", "me", NOVEMBER)
    promote(shelf, "three", "why", "me")
    assert promoted(shelf, NOVEMBER) == promoted(shelf)


def test_a_check_with_one_model_and_none_for_every_check_has_nothing_to_go_back_to(
    shelf: Path, put: Callable[..., Model]
) -> None:
    one = put("one")
    promote(shelf, "one", "why", "me", NOVEMBER)
    with pytest.raises(ModelError, match="there is nothing to go back to"):
        rollback(shelf, "", "me", NOVEMBER)
    assert promoted(shelf, NOVEMBER) == one.digest


def test_a_model_promoted_again_can_be_rolled_back_to_what_was_between(shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    between = put("two", -3.0)
    for name in ("one", "two", "one"):
        promote(shelf, name, "why", "me")
    assert rollback(shelf, "", "me").digest == between.digest


def test_a_model_that_is_no_longer_as_it_was_is_not_rolled_back_to(shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    put("two")
    for name in ("one", "two"):
        promote(shelf, name, "why", "me")
    put("one", -9.0)
    with pytest.raises(ModelError, match="“one” is no longer the model that was promoted on"):
        rollback(shelf, "", "me")
    shutil.rmtree(shelf / "one")
    with pytest.raises(ModelError, match="there is no model here"):
        rollback(shelf, "", "me")
    assert len(promotions(shelf)) == 2


def test_a_model_exchanged_under_the_same_name_is_not_the_promoted_one(shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    promote(shelf, "one", "why", "me")
    assert load_promoted(shelf) == load_model("one")
    put("one", -9.0)
    assert promoted(shelf) != load_model("one").digest
    with pytest.raises(ModelError, match="“one” is no longer the model that was promoted on"):
        load_promoted(shelf)


@pytest.mark.parametrize("note", ["", "  "])
def test_a_promotion_needs_a_reason(note: str, shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    with pytest.raises(ModelError, match="Say in a note why this model is promoted"):
        promote(shelf, "one", note, "me")


@pytest.mark.parametrize("name", ["two", "../shelf/one", "demo"])
def test_only_what_is_on_the_shelf_is_promoted(name: str, shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    with pytest.raises(ModelError, match="is not on the shelf"):
        promote(shelf, name, "why", "me")


def test_a_model_that_is_refused_is_not_promoted(shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    (shelf / "one" / "model.json").write_bytes(b"{}")
    with pytest.raises(ModelError, match="its schema is not one"):
        promote(shelf, "one", "why", "me")
    assert promotions(shelf) == []


def test_two_promotions_at_once_do_not_lose_one(shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    (shelf / LOCK).touch()
    with pytest.raises(
        ModelError, match=r"Somebody else is promoting a model. If nobody is, delete .*promotions\.lock"
    ):
        promote(shelf, "one", "why", "me")
    (shelf / LOCK).unlink()
    promote(shelf, "one", "why", "me")
    assert not (shelf / LOCK).exists()


@pytest.mark.parametrize("log", ["", "{}", "[1]", '[{"name": "one"}]', "[" * 100_000])
def test_a_log_that_is_no_log_is_refused_and_left_alone(log: str, shelf: Path, put: Callable[..., Model]) -> None:
    put("one")
    (shelf / LOG).write_text(log, "utf-8")
    with pytest.raises(ModelError, match="log of promotions"):
        promote(shelf, "one", "why", "me")
    assert (shelf / LOG).read_text("utf-8") == log
