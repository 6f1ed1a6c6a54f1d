"""Models in MLflow: logged, registered, loaded as windu's and as pyfunc."""

import numpy as np
import pandas as pd
import pytest

from tests.conftest import make_ugly
from tests.persistence.test_runs import add_ratio
from windu import WinduEstimator
from windu.exceptions import MissingLibraryError, PersistenceError, UntrustedTypesError

X, Y = make_ugly()


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """MLflow with a store of its own."""
    mlflow = pytest.importorskip("mlflow", reason="an extra; CI tests it by itself")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("tests")
    return mlflow


@pytest.fixture(scope="module")
def fitted():
    """An estimator of a table with a column of every kind."""
    return WinduEstimator("linear").fit(X, Y)


@pytest.mark.filterwarnings("ignore")
class TestLogged:
    """One model, logged once a test: MLflow's stores are per folder."""

    @pytest.mark.slow
    def test_the_same_predictions(self, mlflow, fitted):
        """As windu's estimator, and as pyfunc with a plain frame."""
        import windu.mlflow

        with mlflow.start_run() as run:
            info = windu.mlflow.log_model(
                fitted, "risk", metrics={"f1": 0.5}, registered_model_name="risk"
            )
        again = windu.mlflow.load_model("models:/risk/1")
        np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
        pyfunc = mlflow.pyfunc.load_model(info.model_uri)
        out = pyfunc.predict(X)
        assert out["prediction"].tolist() == fitted.predict(X).tolist()
        both = pyfunc.predict(X, params={"probabilities": True})
        np.testing.assert_array_equal(
            both["probability_good"], fitted.predict_proba(X)[:, 1]
        )
        assert mlflow.get_run(run.info.run_id).data.metrics == {"f1": 0.5}

    @pytest.mark.slow
    def test_signature_and_example(self, mlflow, fitted):
        """MLflow shows them, and takes missing values where it enforces them."""
        import windu.mlflow

        with mlflow.start_run():
            info = windu.mlflow.log_model(fitted, "risk")
        assert info.signature.inputs.input_names() == list(X.columns)
        pyfunc = mlflow.pyfunc.load_model(info.model_uri)
        example = pyfunc.input_example
        assert list(example.columns) == list(X.columns)
        assert len(example) == len(fitted.example_)
        gaps = X.assign(visits=X["visits"].astype(float)).head(5)
        gaps.loc[0, ["visits", "city"]] = [np.nan, None]
        assert len(pyfunc.predict(gaps)) == 5
        with pytest.raises(Exception, match="city"):
            pyfunc.predict(gaps.drop(columns="city"))

    @pytest.mark.slow
    def test_functions_need_trust(self, mlflow, monkeypatch):
        """From the caller, not from the model's folder."""
        import windu.mlflow

        est = WinduEstimator("linear", featurizer=add_ratio).fit(X, Y)
        with mlflow.start_run():
            uri = windu.mlflow.log_model(est, "risk").model_uri
        name = "tests.persistence.test_runs.add_ratio"
        with pytest.raises(UntrustedTypesError, match="add_ratio"):
            mlflow.pyfunc.load_model(uri)
        with pytest.raises(UntrustedTypesError, match="add_ratio"):
            mlflow.pyfunc.load_model(uri, model_config={"trusted": [name]})
        monkeypatch.setenv("WINDU_TRUSTED", name)
        trusting = mlflow.pyfunc.load_model(uri)
        assert len(trusting.predict(X)) == len(X)
        assert len(windu.mlflow.load_model(uri, trusted=[name]).predict(X)) == len(X)

    @pytest.mark.slow
    def test_what_is_no_model(self, mlflow, tmp_path):
        """A clear error before anything is written."""
        import windu.mlflow

        with pytest.raises(PersistenceError, match="fitted WinduEstimator"):
            windu.mlflow.save_model(WinduEstimator("linear"), tmp_path / "model")
        assert not (tmp_path / "model").exists()

    @pytest.mark.slow
    def test_every_task(self, mlflow, tmp_path):
        """Each form of predictions has a signature."""
        import windu.mlflow

        labels = pd.DataFrame({"good": Y == "good", "flag": X["flag"]})
        for number, y in enumerate((labels, X["visits"] * 1.5, X["city"].fillna("?"))):
            est = WinduEstimator("linear").fit(X, y)
            folder = tmp_path / f"model {number}"
            windu.mlflow.save_model(est, folder)
            out = mlflow.pyfunc.load_model(str(folder)).predict(X)
            assert len(out) == len(X)


def test_without_mlflow(fitted, monkeypatch, tmp_path):
    """The error says what to install; the rest works."""
    import sys

    import windu.mlflow

    monkeypatch.setitem(sys.modules, "mlflow", None)
    for call in (
        lambda: windu.mlflow.log_model(fitted, "risk"),
        lambda: windu.mlflow.save_model(fitted, tmp_path / "model"),
        lambda: windu.mlflow.load_model("models:/risk/1"),
    ):
        with pytest.raises(MissingLibraryError, match=r"pip install 'windu\[mlflow\]'"):
            call()
