"""A list as pandas, with the types that people expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def to_frame(table: Any) -> pd.DataFrame:
    """A pyarrow table as pandas: whole numbers that may be absent (Int16, Int32, Int64), strings, float64.

    >>> import pyarrow as pa
    >>> to_frame(pa.table({"rank": pa.array([1, None], pa.int32()), "band": ["red", None]})).dtypes.astype(str).tolist()
    ['Int32', 'str']
    """
    import pandas as pd

    kinds: dict[str, Any] = {"int16": pd.Int16Dtype(), "int32": pd.Int32Dtype(), "int64": pd.Int64Dtype()}
    kinds["string"] = pd.StringDtype(na_value=np.nan)
    frame: pd.DataFrame = table.to_pandas(types_mapper=lambda kind: kinds.get(str(kind)))
    return frame
