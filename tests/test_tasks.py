"""The rules of task='auto', one row of the table each."""

import numpy as np
import pandas as pd
import pytest

from windu.exceptions import TargetError
from windu.tasks import RULES, infer_task, read_target

CASES = {
    "model-regressor": ([0, 1, 0, 1], "regressor", "regression"),
    "label-lists": ([["a"], [], ["a", "b"]], None, "multilabel"),
    "yes-no-columns": (np.eye(4, dtype=int), None, "multilabel"),
    "number-columns": (np.arange(8.0).reshape(4, 2), None, "regression"),
    "model-classifier": (list(range(40)), "classifier", "multiclass"),
    "named-classes": (["a", "b", "a", "b"], None, "binary"),
    "fractions": ([0.5, 1.0, 2.0], None, "regression"),
    "many-numbers": (list(range(40)) * 3, None, "regression"),
    "few-numbers": ([3, 5, 7, 9] * 5, None, "multiclass"),
}


def test_every_rule_has_a_case():
    """The table of rules is the table of cases."""
    assert [name for name, _, _ in RULES] == list(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_rule(rule):
    """The rule decides, and says so."""
    y, model_type, task = CASES[rule]
    assert infer_task(read_target(y), model_type) == (task, rule)


def test_diabetes_is_regression():
    """Whole numbers with many values are amounts."""
    from sklearn.datasets import load_diabetes

    y = load_diabetes().target
    assert infer_task(read_target(y)) == ("regression", "many-numbers")


def test_digits_are_classes():
    """Ten numbers over many rows are classes."""
    from sklearn.datasets import load_digits

    y = load_digits().target
    assert infer_task(read_target(y)) == ("multiclass", "few-numbers")


def test_few_rows_with_prices_are_regression():
    """In a tiny table each row has its own number."""
    assert infer_task(read_target([10, 25, 30, 41, 55, 60]))[0] == "regression"


def test_missing_rows_are_named_by_position_and_index():
    """The error carries the rows."""
    y = pd.Series([1.0, None, 2.0], index=["x", "y", "z"])
    with pytest.raises(TargetError, match=r"rows \[1\] \(index \['y'\]\)") as caught:
        read_target(y)
    assert caught.value.rows == [1]
