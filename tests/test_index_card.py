"""A model as an index card, and two of them side by side."""

from __future__ import annotations

from dataclasses import replace

from roni.fields import national
from roni.index_card import bands_between, compared, index_card
from roni.model import Model
from roni.model.card import Figure
from roni.scorecard import load_scorecard
from tests.models import ATTENDANCE, CARD, INVENTED, YOUNG_CARER, model_of
from tests.strategies import cohort_of


def test_the_card_says_what_each_value_adds() -> None:
    lines = index_card(model_of(), national()).splitlines()
    place = lines.index("ATTENDANCE")
    assert lines[place + 1 : place + 5] == [
        "  below 80 %    +1.50  raises",
        "  80 to 90 %    +0.50  raises",
        "  90 or more %  -0.50  lowers",
        "  not known     +0.25  raises",
    ]
    assert "  EHC plan                     +0.60  raises" in lines
    assert "  band 1 of 3: from 0.050, about 1 in 20" in lines


def test_the_card_of_a_model_of_invented_pupils_says_so() -> None:
    assert "trained on invented pupils" in index_card(model_of(card=INVENTED), national())
    assert "invented" not in index_card(model_of(), national())


def test_two_models_are_compared_by_their_fields_and_figures() -> None:
    lines = {what: (one, other) for what, one, other in compared(model_of(), model_of(ATTENDANCE, card=INVENTED))}
    assert lines["field attendance"] == ("-0.50 to +1.50", "-0.50 to +1.50")
    assert lines["field young_carer"] == ("-0.12 to +0.75", "not in it")
    assert lines["AUC"] == ("0.840 (0.800 to 0.870)", "0.840 (0.800 to 0.870)")
    assert lines["invented pupils"] == ("no", "yes")


def test_measured_figures_stand_side_by_side_whatever_the_models_name_and_the_lists_length() -> None:
    def measured(name: str, length: str, value: float) -> Model:
        figures = (
            Figure(f"recall of a list of {length}", value, of=f"model {name}"),
            Figure(f"recall of a list of {length}, difference", 0.1, of=f"oxfordshire with model {name} over age"),
            Figure(f"recall of a list of {length}, added by", 0.0, of=f"model {name}ling"),
            Figure("AUC", 0.8, of=f"model {name}"),
        )
        return model_of(name=name, card=replace(CARD, measured=figures))

    lines = {
        what: (one, other) for what, one, other in compared(measured("a", "420", 0.4), measured("b", "1,050", 0.5))
    }
    assert lines["recall of a list, model"] == ("0.400, list of 420", "0.500, list of 1,050")
    assert lines["recall of a list, difference, oxfordshire with model over age"] == (
        "0.100, list of 420",
        "0.100, list of 1,050",
    )
    assert lines["AUC, model"] == ("0.800", "0.800")
    assert lines["recall of a list, added by, model aling"] == ("0.000, list of 420", "")


def test_pupils_are_counted_by_both_bands() -> None:
    cohort = cohort_of({"attendance": [70.0, 95.0, None], "young_carer": [None, None, True]})
    counts = bands_between(model_of(ATTENDANCE), model_of(YOUNG_CARER), cohort, load_scorecard("oxfordshire"))
    assert counts == {("red", "not scored"): 1, ("green", "not scored"): 1, ("not scored", "amber"): 1}
