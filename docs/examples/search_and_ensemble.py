"""
Search, and an ensemble of what was found
=========================================

Which parts and parameters suit a table? A search tries them on the same folds, gives up
what falls behind, and averages what is best.
"""

# %%
# The table
# ---------
# Adults of a study of 1971, and whether they had died by 1992: one in five. A quarter
# of the rows is held back for the end.

from sklearn.model_selection import train_test_split

from windu.datasets import load_nhefs

X, y = load_nhefs(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.25, stratify=y, random_state=0
)

# %%
# The space
# ---------
# ``space="auto"`` would try all models that suit the task. Here it is three, so that
# this page is made quickly. What belongs to one model is searched with that model.

space = {
    "model": ["linear", "extra_trees", "hist_gradient_boosting"],
    "model__C": {"float": [0.001, 10], "log": True},
    "model__min_samples_leaf": {"int": [1, 40], "log": True},
    "model__n_estimators": [60],
    "model__max_iter": [60],
    "model__learning_rate": {"float": [0.03, 0.3], "log": True},
}

# %%
# The search
# ----------
# With ``storage="search.db"`` it would go on after a stop, where the same line is run
# again. Without a pruner every trial is finished, and the figures below compare all.

from windu import OptunaSearchCV, WinduEstimator

est = WinduEstimator(task="binary", random_state=0)
search = OptunaSearchCV(
    est,
    space,
    scoring="roc_auc",
    n_trials=12,
    pruner=None,
    cv=3,
    ensemble=3,
    random_state=0,
)
search.fit(X_train, y_train)

columns = ["trial", "score", "std", "fit_time", "latency_ms", "state", "model"]
search.leaderboard_[columns].round(3)

# %%
# The ensemble
# ------------
# Trials and their weights. They were chosen on rows that no member had been fitted on;
# the score on these rows is that of the best of many averages, and flatters a little.

search.ensemble_.merge(search.leaderboard_[["trial", "score", "model"]]).round(3)

# %%
# On the rows that were held back, the ensemble against the best trial alone and what
# windu does without a search:

import pandas as pd
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

best = clone(est).set_params(**search.best_params_)


def score_of(est):
    return roc_auc_score(y_test, est.predict_proba(X_test)[:, 1])


pd.Series(
    {
        "ensemble": score_of(search),
        "best trial": score_of(best.fit(X_train, y_train)),
        "no search": score_of(est.fit(X_train, y_train)),
    },
    name="ROC AUC",
).round(3)

# %%
# Pictures of the study
# ---------------------
# ``study_`` is a study of Optuna, and so its plots work. They are experimental to
# Optuna, which warns of that.

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.visualization.matplotlib import (
    plot_optimization_history,
    plot_parallel_coordinate,
    plot_param_importances,
)

warnings.simplefilter("ignore", ExperimentalWarning)

# %%
# The score of each trial, and the best one so far:

axes = plot_optimization_history(search.study_)

# %%
# How much each choice decides the score:

axes = plot_param_importances(search.study_)
axes.figure.tight_layout()

# %%
# Each line is a trial, a dark one is good: linear models with a strong penalty (a small
# ``C``). What a model does not have is ``None``.

axes = plot_parallel_coordinate(search.study_, params=["model", "model__C"])
axes.figure.tight_layout()
