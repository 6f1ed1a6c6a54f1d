"""What is searched of featurizer and transformer where nothing is said."""

from __future__ import annotations

from typing import Any

import pandas as pd

from windu.schema.inference import infer_table
from windu.schema.kinds import MIN_WORDS

__all__ = ["SIMPLEST", "part_ranges"]

#: Where a search begins: the parts as they are without a search.
SIMPLEST: dict[str, Any] = {
    "featurizer__text_lengths": False,
    "transformer__levels": "auto",
    "transformer__many_levels": "auto",
    "transformer__n_text_components": 30,
    "transformer__numbers": "auto",
}


def part_ranges(estimator: Any, frame: pd.DataFrame, *, trees: bool) -> dict[str, Any]:
    """Return ranges for the parts before the model that suit a table.

    Parameters
    ----------
    estimator : WinduEstimator
        Only parts that are "auto" are searched.
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        Raw columns: what is asked for depends on their kinds.
    trees : bool
        Whether the model is made of trees; these do not care for the scale of numbers.

    Returns
    -------
    dict of str to list or dict
        From nested parameter to range, as a space has it.

    Examples
    --------
    >>> from windu import WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> from windu.search.default_parts import part_ranges
    >>> X, y = load_penguins(return_X_y=True)
    >>> part_ranges(WinduEstimator(), X, trees=True)
    {'transformer__levels': ['auto', 'one_hot', 'target']}
    """
    if not _is_auto(estimator.featurizer):
        # What it will make is not known before it is fitted.
        return {}
    schema = infer_table(frame)
    kinds = {column.kind for column in schema.columns}
    ranges: dict[str, Any] = {}
    if kinds & {"high-cardinality", "text"}:
        ranges["featurizer__text_lengths"] = [False, True]
    if not _is_auto(estimator.transformer):
        return ranges
    if "categorical" in kinds:
        encodings = ["one_hot", "target"] if trees else ["target"]
        ranges["transformer__levels"] = ["auto", *encodings]
    if "high-cardinality" in kinds:
        default = "ordinal" if trees else "one_hot"
        ranges["transformer__many_levels"] = ["auto", default]
    if any((column.words or 0) >= MIN_WORDS for column in schema.columns):
        ranges["transformer__n_text_components"] = {"int": [10, 80], "log": True}
    if not trees and kinds & {"numeric", "datetime"}:
        ranges["transformer__numbers"] = ["auto", "quantile", "spline"]
    return ranges


def _is_auto(part: Any) -> bool:
    return isinstance(part, str) and part == "auto"
