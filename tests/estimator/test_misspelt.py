"""A model that cannot be made: looking at the estimator works, fit says why."""

import pytest
from sklearn.base import clone
from sklearn.multioutput import MultiOutputClassifier

from windu import WinduEstimator
from windu.exceptions import PartError

#: What is no model, and what fit says of it.
MODELS = {
    "random_forrest": "Did you mean 'random_forest'",
    "VotingClassifier": "needs other estimators",
    7: "which has no fit",
    int: "Got the class int",
    MultiOutputClassifier(None): "must tell whether it is a classifier",
}


@pytest.mark.parametrize("model", MODELS)
def test_looking_does_not_raise(model):
    """Completion, hasattr, repr and the diagram come before fit."""
    est = WinduEstimator(model)
    assert {"fit", "predict", "score"} <= set(dir(est))
    assert hasattr(est, "predict")
    assert not hasattr(est, "predict_proba")
    assert not hasattr(est, "transform")
    assert str(model if isinstance(model, str) else "") in repr(est)
    assert "WinduEstimator" in est._repr_html_()
    assert repr(clone(est)) == repr(est)


@pytest.mark.parametrize("model", MODELS)
def test_fit_says_what_is_wrong(model):
    """With the near miss or the way out."""
    with pytest.raises(PartError, match=MODELS[model]):
        WinduEstimator(model).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
