"""What is said of many is put together as if it were done for each alone, whatever its size."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.wording.lines import MOST_IN_TABLE, Said

WORDS = st.lists(st.one_of(st.none(), st.sampled_from(["young carer", "fsm", "1 suspension"])), min_size=5, max_size=5)


def said_of(words: list[str | None]) -> Said:
    texts = list(dict.fromkeys(word for word in words if word is not None))
    return Said(texts, np.array([-1 if word is None else texts.index(word) for word in words], np.int32))


def words_of(said: Said) -> list[str | None]:
    return [None if one < 0 else said.texts[one] for one in said.which]


@settings(deadline=None)
@given(st.lists(WORDS, max_size=4), st.sampled_from([0, MOST_IN_TABLE]))
def test_one_thing_after_the_other_is_said_of_each(several: list[list[str | None]], unsaid: int) -> None:
    said = Said.nothing(5)
    for words in several:
        texts, which = said_of(words)
        more = Said([*texts, *["said of nobody"] * unsaid], which)  # so many texts take no table
        said = said.then(more, " and ")
    each = zip(*several, strict=True) if several else [()] * 5
    assert words_of(said) == [" and ".join(filter(None, words)) or None for words in each]


def test_an_ending_is_the_same_for_all_and_among_more_the_others_have_nothing() -> None:
    said = Said(["young carer", "fsm"], np.array([1, 0], np.int32)).ending(" +1").among(np.array([2, 0]), 4)
    assert words_of(said) == ["young carer +1", None, "fsm +1", None]


def test_a_text_is_said_of_those_in_the_mask() -> None:
    assert words_of(Said.of("few sessions", np.array([True, False]))) == ["few sessions", None]
    assert words_of(Said.of("few sessions", np.array([False]))) == [None]
