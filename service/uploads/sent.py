"""What a file says of the pupils of one school: a cohort, or its plain values where these have been changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from roni import KEY_KINDS, Cohort, cohort_from_dict, cohort_to_dict

OF_SCHOOL = [KEY_KINDS.index(kind) for kind in ("admission_number", "reference")]


class Sent:
    """Made of a cohort or of its plain values; the other is worked out when it is asked for, and not kept."""

    def __init__(self, cohort: Cohort | None = None, data: dict[str, Any] | None = None) -> None:
        self._cohort, self._data = cohort, data

    @property
    def cohort(self) -> Cohort:
        """The typed columns."""
        return cohort_from_dict(self._data or {}) if self._cohort is None else self._cohort

    @property
    def data(self) -> dict[str, Any]:
        """The plain values, as `roni.cohort_to_dict` gives them."""
        return cohort_to_dict(self.cohort) if self._data is None else self._data

    @property
    def is_by_national_keys(self) -> bool:
        """Whether every pupil is sure to be known by an identifier that is not of one school only."""
        return self._cohort is not None and not np.isin(self._cohort.key_kind, OF_SCHOOL).any()
