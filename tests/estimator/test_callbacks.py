"""scikit-learn's callbacks on the estimator and in searches."""

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from windu import WinduEstimator

callback = pytest.importorskip("sklearn.callback", reason="came with scikit-learn 1.9")


class Record:
    """Writes down the tasks that begin and end; reaches parts as well."""

    max_propagation_depth = None

    def __init__(self):
        self.begun, self.ended = [], []

    def setup(self, estimator, context):
        self.begun.append("setup")

    def teardown(self, estimator, context):
        self.ended.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context):
        self.ended.append(context.task_name)


def test_every_step_is_a_task(ugly):
    """A callback sees fit and each step begin and end, once."""
    record = Record()
    WinduEstimator(LogisticRegression(max_iter=500)).set_callbacks(record).fit(*ugly)
    steps = ["infer_schema", "featurize", "fit_label_encoder", "encode"]
    assert [n for n in record.begun if n in steps] == steps
    assert [n for n in record.ended if n in steps] == steps
    assert record.ended[-2:] == ["fit", "teardown"]


def test_the_fits_of_folds_are_no_tasks(ugly):
    """A callback sees the fit that a user asked for, not those behind a threshold."""
    record = Record()
    WinduEstimator("linear", threshold="f1").set_callbacks(record).fit(*ugly)
    assert record.begun.count("setup") == record.begun.count("encode") == 1


@pytest.mark.slow
def test_progress_bar_on_the_estimator_and_in_a_search(ugly, capsys):
    """The bar of scikit-learn works on both."""
    pytest.importorskip("rich", reason="ProgressBar draws with rich")
    est = WinduEstimator("linear", task="binary")
    est.set_callbacks(callback.ProgressBar()).fit(*ugly)
    plain = WinduEstimator("linear", task="binary")
    search = GridSearchCV(plain, {"model__C": [0.1, 1.0]}, cv=2)
    search.set_callbacks(callback.ProgressBar()).fit(*ugly)
    assert search.best_params_["model__C"] in (0.1, 1.0)


def test_teardown_runs_when_a_step_fails(ugly):
    """A callback is torn down whatever happens."""
    record = Record()
    est = WinduEstimator("linear", featurizer=lambda X: None).set_callbacks(record)
    with pytest.raises(ValueError, match="must return a DataFrame"):
        est.fit(*ugly)
    assert record.ended[-1] == "teardown"
