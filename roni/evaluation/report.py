"""The page of an evaluation: what was asked, what a list caught and missed, and what the figures cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from roni.evaluation import report_lists, report_pupils
from roni.evaluation.evidence import CONFIDENCE, FEWEST_NEET, FEWEST_PUPILS
from roni.evaluation.page import document, heading, paragraph, table, text
from roni.evaluation.population import EXCLUDED, INVENTED, POLICIES

if TYPE_CHECKING:
    from roni.evaluation.result import Evaluation


def page_of(found: Evaluation) -> str:
    """The whole page."""
    return document(found.title, _body(found))


def _body(found: Evaluation) -> Iterator[str]:
    yield heading(found.title, 1)
    if found.invented:
        yield paragraph(INVENTED, "notice")
    yield paragraph(_in_short(found))
    yield paragraph(found.basis, "basis")
    yield _asked(found)
    yield from report_lists.sections(found)
    yield from report_pupils.sections(found)
    yield heading("What these figures cannot say")
    yield from (paragraph(note) for note in (*found.notes, *_notes(found)))


def _in_short(found: Evaluation) -> str:
    """The first ranking at the capacity, in two sentences."""
    row, count = found.at_capacity[0], found.population
    if row.caught is None or row.missed is None or row.recall.value is None:
        return f"A list of {found.capacity:,} could not be judged: {row.recall.why}."
    low, high = (100 * (end or 0) for end in (row.recall.low, row.recall.high))
    return (
        f"A list of {found.capacity:,} of {count['pupils']:,} pupils by “{row.ranking}” held {row.caught:,.0f} of the "
        f"{count['neet']:,} who became NEET: {100 * row.recall.value:.0f} % ({low:.0f} to {high:.0f} %). "
        f"{row.missed:,.0f} were not on it: being outside a list does not mean that no support is needed."
    )


def _asked(found: Evaluation) -> str:
    count = found.population
    left_out = ", ".join(
        f"{pupils:,} of {'a year group not known' if year < 0 else f'Year {year}'}"
        for year, pupils in count["left_out_by_year_group"].items()
    )
    rows = [
        ("outcome", found.outcome),
        ("pupils followed up", f"{count['pupils']:,}"),
        ("became NEET", f"{count['neet']:,}"),
        ("did not", f"{count['not_neet']:,}"),
        ("not known", f"{count['not_known']:,}, of whom {count['no_record']:,} have no record at all"),
        ("in no list", f"{count['never_listed']:,} (information restricted, or no longer living)"),
        ("left out, not followed up", left_out or "nobody"),
        ("length of the list", f"{found.capacity:,}"),
        ("rankings", "; ".join(f"{name} ({kind})" for name, kind in found.rankings)),
    ]
    return table("What was asked", ("", ""), [(text(name), text(words)) for name, words in rows])


def _notes(found: Evaluation) -> Iterator[str]:
    yield (
        f"Every interval is a {CONFIDENCE} % interval: of lists, orderings and differences by resampling pupils "
        f"({found.resamples:,} times, each ranking on the same resamples), of bands and groups Wilson’s. They tell of "
        "chance in who these pupils were, not of change from one year to the next; pupils of one school are alike, so "
        "true intervals are somewhat wider."
    )
    yield (
        "Pupils equal at the cut of a list count by their chance of being in it, so no figure rests on how names or "
        "identifiers happen to sort."
    )
    yield f"Pupils whose outcome is not known ({EXCLUDED} in all figures unless stated): {POLICIES[EXCLUDED]}"
    yield (
        "Help given to pupils because they were listed makes fewer of them NEET. A list that works then looks worse "
        "here than it was."
    )
    yield (
        f"No list, ordering or group is judged by fewer than {FEWEST_NEET} NEET pupils, and no share of fewer than "
        f"{FEWEST_PUPILS} pupils is shown. The page still holds small numbers, and a count that is left out may be "
        "worked out from those of the other groups: it is for the people who run the list. Apply your own rules on "
        "small numbers before publishing any of it."
    )
