"""What a type checker tells a user of windu."""

import re

import pytest

api = pytest.importorskip("mypy.api", reason="pip install 'windu[lint]'")

#: Everything that README writes, and then three mistakes.
SCRIPT = """
import pandas as pd
import windu
from windu import Metastore, OptunaSearchCV, TrainingPipeline, WinduEstimator
from windu import load, save
from windu.datasets import load_penguins

X, y = load_penguins(return_X_y=True)
est = WinduEstimator("linear", task="multiclass", random_state=0).fit(X, y)
est.predict(X), est.predict_proba(X), est.score(X, y), est.decision_function(X)
est.task_, est.classes_, est.schema_, est.example_, est.feature_report_
est.model_, est.transformer_, est.featurizer_, est.label_encoder_, est.threshold_
est.set_params(model__C=2.0).get_params()
est.set_fit_request(sample_weight=True)
est.validate(X).raise_for_errors()
est.replace(threshold=0.5).predict(X)
path = save(est, "penguins.windu")
load(path).predict(X)
store = Metastore("store")
store.load("penguins@latest").predict(X)
search = OptunaSearchCV(est, "auto", n_trials=3).fit(X, y)
search.best_estimator_, search.best_score_, search.cv_results_, search.predict(X)
TrainingPipeline(est, data=X, target="species").run().estimator.predict(X)

est.fit(X, y).predict_probaa(X)
WinduEstimator(task="binry")
load(path).predikt(X)
windu.lod(path)
"""
MISTAKES = {
    r'"WinduEstimator" has no attribute "predict_probaa"': "predict_probaa",
    r'"task".*has incompatible type "Literal\[\'binry\'\]"': "binry",
    r'"WinduEstimator" has no attribute "predikt"': "predikt",
    r'Module has no attribute "lod"': "lod(",
}


@pytest.mark.slow
def test_mistakes_are_seen_and_nothing_else(tmp_path):
    """Under ``mypy --strict``."""
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    options = ["--strict", "--config-file=", "--follow-imports=silent"]
    out, _, _ = api.run([*options, f"--cache-dir={tmp_path}", str(file)])
    errors = [line for line in out.splitlines() if ": error: " in line]
    lines = SCRIPT.splitlines()
    assert len(errors) == len(MISTAKES), out
    for error, (pattern, text) in zip(errors, MISTAKES.items(), strict=True):
        assert text in lines[int(error.split(":")[1]) - 1]
        assert re.search(pattern, error), error
