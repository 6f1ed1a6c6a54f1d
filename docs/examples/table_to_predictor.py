"""
From a raw table to a stored predictor
======================================

The penguins table has strings, numbers and missing values. One estimator takes it
as it is, and one file holds the result.
"""

# %%
# The table
# ---------
# Seven columns, and the species to predict. A number for each bird and the day of
# its visit join them, as such columns do in real tables.

import numpy as np
import pandas as pd

from windu.datasets import load_penguins

X, y = load_penguins(return_X_y=True)
days = pd.Timestamp("2009-11-01") + pd.to_timedelta(np.arange(len(X)) * 37 % 60, "D")
X = X.assign(
    bird_id=np.random.default_rng(0).permutation(len(X)),
    visit=days.strftime("%d/%m/%Y"),
)
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
# Nothing needs to be said about the columns or the task. That the number of the bird is
# dropped as an identifier is warned of; here it is right, and the warning is silenced.

import warnings

from windu import DataWarning, WinduEstimator

warnings.simplefilter("ignore", DataWarning)
est = WinduEstimator(random_state=0).fit(X_train, y_train)
est.task_

# %%
# The report says what was done with each column, and why.

est.feature_report_[["column", "kind", "action", "why"]]

# %%
# Predictions are labels again, and probabilities have a column for each class.

pd.DataFrame(est.predict_proba(X_test.head()), columns=est.classes_).round(3)

# %%

from sklearn.metrics import accuracy_score

print(f"accuracy on {len(y_test)} new penguins:", end=" ")
print(f"{accuracy_score(y_test, est.predict(X_test)):.3f}")

# %%
# A broken table
# --------------
# Another order of the columns is put right by their names, and new columns are
# dropped.

changed = X_test[sorted(X_test.columns)].assign(note="new")
np.array_equal(est.predict(X_test), est.predict(changed))

# %%
# What changes the meaning of a column is refused, with all reasons at once: here a
# renamed column, a measure with its unit, and dates of another format.

from windu.exceptions import SchemaError

broken = X_test.rename(columns={"body_mass_g": "body_mass"}).assign(
    bill_length_mm=X_test.bill_length_mm.map("{} mm".format),
    visit=pd.to_datetime(X_test.visit, dayfirst=True).dt.strftime("%d %b %Y"),
)
try:
    est.predict(broken)
except SchemaError as error:
    print(error)
    report = error.report

# %%
# The same as data, for a program to read; ``est.validate`` gives it without an error:

report.to_frame()[["column", "difference", "expected", "n_rows"]]

# %%
# Stored and loaded
# -----------------
# One file, without pickle.

import tempfile
from pathlib import Path

from windu import save

folder = Path(tempfile.mkdtemp())
path = save(est, folder / "penguins.windu")
X_test.to_csv(folder / "new.csv", index=False)

# %%
# A fresh process loads it, reads the rows from a CSV file, and predicts.

import subprocess
import sys

program = """
import sys
import numpy, pandas, windu

model, table, out = sys.argv[1:]
rows = pandas.read_csv(table)
numpy.save(out, windu.load(model).predict_proba(rows))
"""
out = folder / "probabilities.npy"
subprocess.run(
    [sys.executable, "-c", program, path, folder / "new.csv", out], check=True
)

# %%
# It predicts the same, bit for bit.

np.array_equal(np.load(out), est.predict_proba(X_test))
