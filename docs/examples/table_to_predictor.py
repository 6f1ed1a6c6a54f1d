"""
From a raw table to a stored predictor
======================================

The penguins table has strings, numbers and missing values. One estimator takes it
as it is, and one file holds the result.
"""

# %%
# The table
# ---------
# Seven columns, and the species to predict.

from windu.datasets import load_penguins

X, y = load_penguins(return_X_y=True)
X.head()

# %%
# Some rows are held back, to see how good the predictions are.

from sklearn.model_selection import train_test_split

X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.25, stratify=y, random_state=0
)

# %%
# The estimator
# -------------
# Nothing needs to be said about the columns or the task.

from windu import WinduEstimator

est = WinduEstimator(random_state=0).fit(X_train, y_train)
est.task_

# %%
# Predictions are labels again, and probabilities have a column for each class.

import pandas as pd

pd.DataFrame(est.predict_proba(X_test.head()), columns=est.classes_).round(3)

# %%

from sklearn.metrics import accuracy_score

print(f"accuracy on {len(y_test)} new penguins:", end=" ")
print(f"{accuracy_score(y_test, est.predict(X_test)):.3f}")

# %%
# Another order of the columns is put right by their names.

(est.predict(X_test) == est.predict(X_test[sorted(X_test.columns)])).all()

# %%
# Stored and loaded
# -----------------
# One file, without pickle. The loaded estimator predicts the same, bit for bit.

import tempfile
from pathlib import Path

from windu import load, save

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "penguins.windu"
    save(est, path)
    again = load(path)

(again.predict_proba(X_test) == est.predict_proba(X_test)).all()
