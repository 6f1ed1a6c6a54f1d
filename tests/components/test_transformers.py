"""The default transformer: by kind of column, and by what the model wants."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier
from sklearn.ensemble import HistGradientBoostingClassifier as Hist
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from tests.conftest import make_ugly
from windu import (
    AutoFeaturizer,
    AutoTransformer,
    BoostedBlendClassifier,
    WinduEstimator,
    load,
    save,
)
from windu.components.registry import Wants, wants_of
from windu.components.transformers import codes_of
from windu.schema.inference import infer_table

X, Y = make_ugly()
FEATURES = AutoFeaturizer().fit_transform(X)
SCHEMA = infer_table(FEATURES)


def built(wants, *, task, **options):
    made = AutoTransformer(**options)
    return made.build(FEATURES, SCHEMA, wants, task=task, random_state=0)


NATIVE = Wants(codes=True, missing=True)
CATEGORIES = Wants(codes=True, missing=True, categories="dtype")
TREE = Wants(codes=True, missing=False)
SCALED = Wants(codes=False, missing=False)


@pytest.mark.parametrize(
    ("model", "wants"),
    [
        (None, SCALED),
        (BoostedBlendClassifier(), NATIVE),
        (Hist(), CATEGORIES),
        (DecisionTreeClassifier(), NATIVE),
        (GradientBoostingClassifier(), TREE),
        (LogisticRegression(), SCALED),
        (BaggingClassifier(LogisticRegression()), SCALED),
        (BaggingClassifier(Hist()), CATEGORIES),
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
    matrix = built(wants, task=task).fit_transform(FEATURES, y)
    assert matrix.dtype.kind == "f"
    assert len(matrix) == len(X)
    assert np.isnan(matrix).any() == wants.missing
    if wants == SCALED:
        assert np.abs(matrix.mean(axis=0)).max() < 1.01


def test_codes_are_told():
    """The default model learns which columns are codes."""
    made = built(NATIVE, task="binary").fit(FEATURES, Y == "good")
    assert codes_of(made) == [0]
    made = built(SCALED, task="binary").fit(FEATURES, Y == "good")
    assert codes_of(made) == []
    assert codes_of(None) == []


@pytest.mark.parametrize("wants", [NATIVE, TREE, SCALED], ids=str)
def test_new_levels_and_missing_values_at_transform(wants):
    """What training has not seen has a place."""
    made = built(wants, task="binary").fit(FEATURES, Y == "good")
    new = FEATURES.head(3).assign(city=["Atlantis", np.nan, "Rome"], agent="agent new")
    new["visits"] = np.nan
    matrix = made.transform(new)
    assert np.isnan(matrix).any() == wants.missing


OPTIONS = [
    {"levels": "one_hot"},
    {"levels": "ordinal", "many_levels": "ordinal"},
    {"levels": "target", "many_levels": "one_hot"},
    {"numbers": "quantile"},
    {"numbers": "spline", "n_text_components": 3},
]


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("wants", [NATIVE, TREE, SCALED], ids=str)
@pytest.mark.parametrize("task", ["binary", "regression", "multilabel", None])
def test_other_encodings(options, wants, task):
    """Each gives numbers, of new levels and missing values too."""
    y = None if task is None else (Y == "good").to_numpy().astype(int)
    made = built(wants, task=task, **options)
    matrix = made.fit_transform(FEATURES, y)
    assert matrix.dtype.kind == "f"
    assert np.isfinite(matrix).all() or wants.missing
    new = FEATURES.head(3).assign(city=["Atlantis", np.nan, "Rome"], agent="agent new")
    assert np.isfinite(made.transform(new)).all() or wants.missing


@pytest.mark.parametrize(
    ("options", "block", "encoder"),
    [
        ({"levels": "one_hot"}, "categorical", "OneHotEncoder"),
        ({"levels": "target"}, "categorical", "TargetEncoder"),
        ({"many_levels": "ordinal"}, "high_cardinality", "OrdinalEncoder"),
        ({"many_levels": "one_hot"}, "high_cardinality", "OneHotEncoder"),
        ({"numbers": "quantile"}, "numeric", "QuantileTransformer"),
    ],
)
def test_what_was_asked_for_is_built(options, block, encoder):
    """By the names of the parameters."""
    made = built(NATIVE, task="binary", **options)
    blocks = {name: type(one).__name__ for name, one, _ in made.transformers}
    assert blocks[block] == encoder


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_estimator_takes_its_kinds_and_wants(options, tmp_path):
    """`transformer_` is the ColumnTransformer; it is stored like any other."""
    for model in ("linear", "hist_gradient_boosting"):
        est = WinduEstimator(
            model, transformer=AutoTransformer(**options), random_state=0
        ).fit(X, Y)
        assert type(est.transformer_) is ColumnTransformer
        save(est, tmp_path / "run.windu")
        again = load(tmp_path / "run.windu")
        assert np.array_equal(again.predict_proba(X), est.predict_proba(X))
        assert again.transformer.get_params() == est.transformer.get_params()


def test_parameters_of_the_default_can_be_set():
    """`transformer="auto"` is an AutoTransformer as soon as one is asked of it."""
    est = WinduEstimator("linear").set_params(transformer__levels="target")
    assert est.transformer.levels == "target"
    with pytest.raises(ValueError, match="levels"):
        WinduEstimator("linear", transformer=AutoTransformer(levels="x")).fit(X, Y)


def test_alone_it_takes_raw_columns():
    """Outside an estimator it cleans first, and knows its target by itself."""
    alone = AutoTransformer(random_state=0)
    target = Y == "good"
    matrix = alone.fit_transform(X, target)
    assert np.isfinite(matrix).all()
    names = alone.get_feature_names_out()
    assert len(names) == matrix.shape[1]
    assert alone.n_features_in_ == X.shape[1]
    assert alone.transform(X.head(3)).shape == (3, matrix.shape[1])
    trees = AutoTransformer(for_trees=True).fit_transform(X, target)
    assert np.isnan(trees).any()
    assert trees.shape[1] < matrix.shape[1]
