"""Spaces in all their forms, and the points of a finite one."""

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FixedTrial
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tests.conftest import make_ugly
from windu import WinduEstimator, default_space
from windu.datasets import load_penguins
from windu.exceptions import SearchError
from windu.search.defaults import starting_points
from windu.search.space import grid_of, read_range, read_space

EST = WinduEstimator(task="binary")


def drawn(space, n=30):
    """Return parameters of random trials."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space(study.ask()) for _ in range(n)]


@pytest.mark.parametrize(
    ("given", "low", "high", "kind"),
    [
        ({"int": [2, 12]}, 2, 12, int),
        ({"int": (1, 100), "log": True}, 1, 100, int),
        ({"int": [0, 10], "step": 5}, 0, 10, int),
        ({"float": [0.01, 1], "log": True}, 0.01, 1, float),
        ({"float": [0, 1], "step": 0.25}, 0, 1, float),
        (stats.uniform(1, 2), 1, 3, float),
        (stats.loguniform(0.1, 10), 0.1, 10, float),
        (stats.randint(1, 5), 1, 4, int),
        (FloatDistribution(0.5, 1), 0.5, 1, float),
        (IntDistribution(1, 9, step=2), 1, 9, int),
    ],
)
def test_numbers(given, low, high, kind):
    """Every form gives numbers of its kind between its bounds."""
    values = [
        one["random_state"] for one in drawn(read_space(EST, {"random_state": given}))
    ]
    assert {type(value) for value in values} == {kind}
    assert low <= min(values) < max(values) <= high


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, None],
        ["a", "b"],
        [1, True, 1.0],
        [LogisticRegression(), RandomForestClassifier(), None],
        [[1, 2], {"a": 1}],
        np.array([0.1, 0.2]),
    ],
)
def test_choices_of_any_type(values):
    """Values come back as they were given, also where optuna cannot hold them."""
    space = read_space(EST, {"model": values})
    found = [one["model"] for one in drawn(space)]
    wanted = values.tolist() if isinstance(values, np.ndarray) else values
    for value in wanted:
        assert any(value is one or value == one for one in found)
    assert all(any(one is value or one == value for value in wanted) for one in found)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "at least one value"),
        (3, "must be a list of values"),
        ("abc", "must be a list of values"),
        ({"int": [1]}, "two whole numbers"),
        ({"int": 3}, "two whole numbers"),
        ({"int": [1, 2.5]}, "two whole numbers"),
        ({"float": [2, 1]}, "from a lower to a higher"),
        ({"float": [0, 1], "log": True}, "above zero"),
        ({"float": [0.1, 1], "log": True, "step": 0.1}, "not stand beside log"),
        ({"int": [1, 4], "step": 0}, "above zero"),
        ({"int": [1, 4], "lgo": True}, "Did you mean 'log'"),
        ({"flaot": [1, 4]}, "Did you mean 'float'"),
        ({"int": [1, 2], "float": [1, 2]}, "must be a list of values"),
    ],
)
def test_bad_ranges(given, words):
    """What is no range is refused with its name."""
    with pytest.raises(SearchError, match=f"(?s)x.*{words}|{words}.*'x'"):
        read_range("x", given)


def test_a_parameter_is_asked_for_where_the_part_has_it():
    """What belongs to the forest is not asked of the linear model."""
    space = read_space(
        EST,
        {
            "model__max_depth": {"int": [1, 3]},
            "model__C": {"float": [0.1, 1]},
            "model": ["linear", "random_forest", LogisticRegression(C=5)],
        },
    )
    for params in drawn(space):
        forest = params["model"] == "random_forest"
        assert ("model__max_depth" in params) == forest
        assert ("model__C" in params) != forest


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ([], "must be 'auto', a mapping"),
        ("atuo", "must be 'auto', a mapping"),
        ([{"model": ["linear"]}, 3], "must be 'auto', a mapping"),
        ({"modle": ["linear"]}, "Did you mean 'model'"),
        ({"model": ["linear"], "model__max_dept": [1]}, "No model of this space"),
        ({"model__learning_rat": [1]}, "Did you mean 'learning_rate'"),
        ({"model": ["forest"], "model__n_estimators": [1]}, "Got 'forest'"),
    ],
)
def test_bad_spaces(space, words):
    """Misspelt names are found before anything is fitted."""
    with pytest.raises(SearchError, match=words):
        read_space(EST, space)


def test_alternatives():
    """Of several spaces a trial takes one, and its parameters have names of its own."""
    space = read_space(
        EST,
        [
            {"model": ["linear"], "model__C": {"float": [0.1, 1]}},
            {"model": ["random_forest"], "model__max_depth": [1, 2]},
        ],
    )
    found = drawn(space)
    assert {one["model"] for one in found} == {"linear", "random_forest"}
    assert all(("model__C" in one) == (one["model"] == "linear") for one in found)
    params = {"space": "0-linear", "0-linear.model__C": 0.5}
    assert space(FixedTrial(params)) == {"model": "linear", "model__C": 0.5}


def test_function_of_a_trial():
    """A function is a space; one that returns something else is told so."""
    space = read_space(
        EST, lambda trial: {"random_state": trial.suggest_int("r", 0, 3)}
    )
    assert {one["random_state"] for one in drawn(space)} == {0, 1, 2, 3}
    wrong = read_space(EST, lambda trial: trial.suggest_int("r", 0, 3))
    with pytest.raises(SearchError, match="must return a mapping"):
        wrong(FixedTrial({"r": 1}))


def test_grid():
    """Each point once, where ranges depend on the model as well."""
    space = read_space(
        EST,
        {
            "model": ["linear", "random_forest"],
            "model__C": [0.1, 1.0, 10.0],
            "model__max_depth": {"int": [1, 4]},
            "random_state": {"float": [0, 1], "step": 0.5},
        },
    )
    points = [space(FixedTrial(point)) for point in grid_of(space)]
    assert len(points) == (3 + 4) * 3
    assert len({tuple(sorted(point.items())) for point in points}) == len(points)
    with pytest.raises(SearchError, match="can be counted"):
        list(grid_of(read_space(EST, {"random_state": {"float": [0, 1]}})))
    with pytest.raises(SearchError, match="A grid can have 10 points"):
        list(grid_of(space, at_most=10))


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_default_space(task):
    """Every default space can be read, begun with, and makes estimators that exist."""
    X, y = load_penguins(return_X_y=True)
    y = {
        "binary": y == "Adelie",
        "multiclass": y,
        "multilabel": np.column_stack([y == "Adelie", y == "Gentoo"]),
        "regression": np.arange(len(y)) / 7,
    }[task]
    est = WinduEstimator(task=task)
    blocks = default_space(est, X, y)
    space = read_space(est, blocks)
    for params in drawn(space):
        est.set_params(**params)
        assert est.model is not None
    points = starting_points(blocks)
    # A starting point leaves nothing to be sampled.
    begun = [space(FixedTrial(point)) for point in points]
    assert begun[0]["model"] == "linear"
    assert len({one["model"] for one in begun}) == len(blocks)


@pytest.mark.slow
def test_default_space_of_featurizer_and_transformer():
    """By the kinds of columns, where these parts are "auto"; begun with as they are."""
    X, y = make_ugly()
    est = WinduEstimator(task="multiclass")
    by_model = {block["model"][0]: block for block in default_space(est, X, y)}
    assert by_model["boosted_blend"]["transformer__levels"] == (
        ["auto", "one_hot", "target"]
    )
    assert by_model["linear"]["transformer__numbers"] == ["auto", "quantile", "spline"]
    for block in by_model.values():
        assert block["featurizer__text_lengths"] == [False, True]
        assert "transformer__many_levels" in block
        assert "transformer__n_text_components" in block
    begun = [
        read_space(est, default_space(est, X, y))(FixedTrial(point))
        for point in starting_points(default_space(est, X, y))
    ]
    for params in begun[: len(by_model)]:
        assert not params["featurizer__text_lengths"]
        assert params["transformer__levels"] == "auto"
    own = est.set_params(transformer=StandardScaler())
    for block in default_space(own, X, y):
        assert "featurizer__text_lengths" in block
        assert not any(name.startswith("transformer") for name in block)
    for block in default_space(est.set_params(featurizer=None), X, y):
        assert not any("model" not in name for name in block)


def test_default_space_of_a_model():
    """Of a model that was chosen its parameters are searched."""
    X, y = load_penguins(return_X_y=True)
    (block,) = default_space(WinduEstimator(RandomForestClassifier()), X, y)
    assert "model" not in block
    assert "model__max_features" in block
    with pytest.raises(SearchError, match="has no space of its own"):
        default_space(WinduEstimator("k_neighbors"), X, y)
    with pytest.raises(SearchError, match="needs a model"):
        default_space(WinduEstimator(model=None), X, y)
