"""
From costs to a threshold
=========================

Whom to invite for a check-up? A visit costs money, and so does a patient at risk who
was not invited. The threshold of the probability follows from the two costs.
"""

# %%
# The table
# ---------
# Adults of a study of 1971, and whether they had died by 1992: one in five.

from windu.datasets import load_nhefs

X, y = load_nhefs(return_X_y=True)
y.value_counts()

# %%
# The costs
# ---------
# Rows are what is true, columns what is decided. A visit costs 150; a patient at risk
# without one costs 1,500. A visit that finds something costs 150 as well.

import pandas as pd

costs = pd.DataFrame([[0, 150], [1500, 150]], index=[0, 1], columns=[0, 1])
costs.rename_axis(index="died", columns="invited")

# %%
# The predictor
# -------------
# ``threshold`` takes a :class:`~windu.ThresholdSelector`. It chooses the cut on
# probabilities of rows that the model was not fitted on: the whole chain is fitted five
# more times, each time without a fifth of the rows.

from sklearn.model_selection import train_test_split

from windu import ThresholdSelector, WinduEstimator

X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)
est = WinduEstimator(threshold=ThresholdSelector(cost_matrix=costs), random_state=0)
est.fit(X_train, y_train)

# %%
# What was chosen, how much it varies between the folds, and what it brings on the
# training rows. The score is minus the mean cost of a patient.

selector = est.threshold_
pd.Series(
    {
        "threshold": selector.thresholds_[0],
        "its spread over folds": selector.thresholds_std_[0],
        "score": selector.score_,
        "score of the plain decision": selector.plain_score_,
    }
).round(3)

# %%
from windu import ThresholdCurveDisplay

display = ThresholdCurveDisplay.from_estimator(est)

# %%
# Money saved
# -----------
# On rows that nothing was fitted on. ``replace`` gives the same fitted estimator with
# another threshold; nothing is trained again.

plain = est.replace(threshold=None)


def cost_of(decided):
    return float(costs.to_numpy()[y_test, decided].sum())


pd.Series(
    {
        "nobody is invited": cost_of(0 * y_test),
        "everybody is invited": cost_of(0 * y_test + 1),
        "the larger probability decides": cost_of(plain.predict(X_test)),
        "the chosen threshold decides": cost_of(est.predict(X_test)),
    },
    name="cost of the test rows",
)

# %%
# Costs of each patient
# ---------------------
# Costs may differ from row to row. ``costs`` goes through ``fit``, and through
# scikit-learn's cross-validation, as ``sample_weight`` does. Here a missed patient
# costs more the younger he or she is.

missed = 1500 * (90 - X_train["age"]) / 40
by_row = pd.DataFrame({"not invited": missed.where(y_train == 1, 0), "invited": 150})

younger = WinduEstimator(threshold=ThresholdSelector(scoring=None), random_state=0)
younger.fit(X_train, y_train, costs=by_row)
younger.threshold_.thresholds_.round(3)
