"""A field as a model keeps it: its declaration at training, which must not have changed, and how much was known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from roni.fields import Field

KIND_OF: Mapping[str, str] = {"percent": "number", "count": "number", "flag": "flag", "code": "category"}


@dataclass(frozen=True)
class ModelField:
    """A field as it was declared when the model was trained: the model is refused where its declaration changed.

    `known` is the share of the training pupils, 0 to 1, of whom it was known; None in older files, which do not say.
    """

    name: str
    type: str
    unit: str = ""
    codes: tuple[str, ...] = ()
    known: float | None = None

    @classmethod
    def of(cls, item: Field, known: float | None = None) -> ModelField:
        return cls(item.name, item.type, item.unit, tuple(item.codes), known)

    def to_json(self) -> dict[str, Any]:
        """Plain data, the share known left out where it is not stored: older models keep their digests."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    def changed(self, now: ModelField) -> str:
        """How its declaration has changed; "" where it has not."""
        if self.type != now.type:
            return f"it was a {self.type} and is a {now.type}"
        if self.unit != now.unit:
            return f"its unit was “{self.unit}” and is “{now.unit}”"
        return "" if self.codes == now.codes else "its codes have changed"
