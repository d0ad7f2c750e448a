"""A model's card: what it is, what it was trained on, how well it was measured, what it must not be used for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

TRAINED_ON_INVENTED = "It was trained on invented pupils: its probabilities say nothing about real young people."


@dataclass(frozen=True)
class Figure:
    """One measured figure, with what it stands on.

    `of` is the group it was measured in ("" for all pupils), `split` how pupils were held back ("a later year"), `low`
    and `high` the ends of its 95 % interval. A figure that the data cannot support has no value, and `note` says why.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    of: str = ""
    pupils: int = 0
    events: int = 0
    split: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The figure with its interval.

        >>> Figure("AUC", 0.8434, 0.81, 0.871, pupils=900, events=45).text
        '0.843 (0.810 to 0.871)'
        """
        if self.value is None:
            return f"not printed: {self.note}" if self.note else "not printed"
        interval = "" if self.low is None or self.high is None else f" ({self.low:.3f} to {self.high:.3f})"
        return f"{self.value:.3f}{interval}" + (f"; {self.note}" if self.note else "")


@dataclass(frozen=True)
class ModelCard:
    """What a person must know before using a model.

    `trained_on` and `trained_at` (an ISO date) say on whom and when; `outcome` what it estimates, `not_known` what was
    done with pupils whose destination is not known, `missing` who is not among the training pupils; `versions` the
    libraries it was fitted with; `library` the version of roni. `synthetic`: the training pupils were invented.
    `check` is the label of the check it was trained for and `years` the year groups; cards of older files have neither.
    """

    what: str
    trained_on: str
    trained_at: str
    outcome: str
    not_known: str
    missing: tuple[str, ...]
    not_for: tuple[str, ...]
    synthetic: bool
    library: str
    pupils: int = 0
    events: int = 0
    measured: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    check: str = ""
    years: tuple[int, ...] = ()

    @property
    def meant_for(self) -> str:
        """Which check and year groups it was trained for; empty where the card does not say."""
        years = " and ".join(map(str, self.years))
        groups = f"Year{'s' if len(self.years) > 1 else ''} {years}" if years else ""
        return ", ".join(filter(None, (self.check, groups)))

    def to_markdown(self, name: str, digest: str) -> str:
        """The card as a page that a person reads; `card.md` beside the model."""
        return "\n".join(_page(self, name, digest)) + "\n"


def _page(card: ModelCard, name: str, digest: str) -> Iterator[str]:
    yield f"# {name}"
    if card.synthetic:
        yield from ("", f"**{TRAINED_ON_INVENTED}**")
    yield from ("", card.what)
    yield from _section("What it estimates", [card.outcome, f"Destination not known: {card.not_known}"])
    trained = [card.trained_on, f"Trained on {card.trained_at}."]
    if card.pupils:
        trained.append(f"{card.pupils:,} pupils, of whom {card.events:,} had the outcome.")
    yield from _section("What it was trained on", trained)
    yield from _section("Who is missing", _list(card.missing))
    yield from _section("How well it was measured", _measured(card.measured))
    yield from _section("What it must not be used for", _list(card.not_for))
    yield from _section("To bear in mind", _list(card.notes))
    made_with = {"roni": card.library, **card.versions}
    yield from _section("Made with", _list(f"{library} {version}" for library, version in made_with.items()))
    yield from ("", f"Digest: `{digest}`")


def _section(heading: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {heading}", "", *lines)


def _list(items: Iterable[str]) -> list[str]:
    return [f"- {item}" for item in items]


def _measured(figures: tuple[Figure, ...]) -> list[str]:
    """A table; pupils, events and the split stand beside each figure."""
    if not figures:
        return ["It has not been measured."]
    heads = ("figure", "of", "value (95 % interval)", "pupils", "events", "held back")
    rows = [
        (item.name, item.of or "all", item.text, f"{item.pupils:,}", f"{item.events:,}", item.split) for item in figures
    ]
    return [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
