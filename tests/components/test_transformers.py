"""The default transformer: by kind of column, and by what the model wants."""

import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier
from sklearn.ensemble import HistGradientBoostingClassifier as Hist
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from tests.conftest import make_ugly
from windu import AutoFeaturizer, BoostedBlendClassifier
from windu.components.registry import Wants, wants_of
from windu.components.transformers import codes_of, make_transformer
from windu.schema.inference import infer_table

X, Y = make_ugly()
FEATURES = AutoFeaturizer().fit_transform(X)
SCHEMA = infer_table(FEATURES)

NATIVE = Wants(codes=True, missing=True)
TREE = Wants(codes=True, missing=False)
SCALED = Wants(codes=False, missing=False)


@pytest.mark.parametrize(
    ("model", "wants"),
    [
        (None, SCALED),
        (BoostedBlendClassifier(), NATIVE),
        (Hist(), NATIVE),
        (DecisionTreeClassifier(), NATIVE),
        (GradientBoostingClassifier(), TREE),
        (LogisticRegression(), SCALED),
        (BaggingClassifier(LogisticRegression()), SCALED),
        (BaggingClassifier(Hist()), NATIVE),
    ],
    ids=str,
)
def test_what_models_want(model, wants):
    """A meta-estimator wants what its inner model wants."""
    assert wants_of(model) == wants


@pytest.mark.parametrize("wants", [NATIVE, TREE, SCALED], ids=str)
@pytest.mark.parametrize("task", ["binary", "regression", "multilabel", None])
def test_every_matrix_is_what_was_wanted(wants, task):
    """Numbers only; missing values where they may stay; scaled where asked."""
    y = None if task is None else (Y == "good").to_numpy().astype(int)
    matrix = make_transformer(SCHEMA, wants, task=task, random_state=0).fit_transform(
        FEATURES, y
    )
    assert matrix.dtype.kind == "f"
    assert len(matrix) == len(X)
    assert np.isnan(matrix).any() == wants.missing
    if wants == SCALED:
        assert np.abs(matrix.mean(axis=0)).max() < 1.01


def test_codes_are_told():
    """The default model learns which columns are codes."""
    made = make_transformer(SCHEMA, NATIVE, task="binary").fit(FEATURES, Y == "good")
    assert codes_of(made) == [0]
    made = make_transformer(SCHEMA, SCALED, task="binary").fit(FEATURES, Y == "good")
    assert codes_of(made) == []
    assert codes_of(None) == []


@pytest.mark.parametrize("wants", [NATIVE, TREE, SCALED], ids=str)
def test_new_levels_and_missing_values_at_transform(wants):
    """What training has not seen has a place."""
    made = make_transformer(SCHEMA, wants, task="binary").fit(FEATURES, Y == "good")
    new = FEATURES.head(3).assign(city=["Atlantis", np.nan, "Rome"], agent="agent new")
    new["visits"] = np.nan
    matrix = made.transform(new)
    assert np.isnan(matrix).any() == wants.missing
