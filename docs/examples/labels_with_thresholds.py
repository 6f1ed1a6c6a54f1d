"""
Several labels, each with its own threshold
===========================================

What is an artwork made of? A work has several materials, most of them rare, and for a
rare label the probability seldom passes one half.
"""

# %%
# The table
# ---------
# The medium of a work is one text. Its materials become the labels; artist, title and
# year are what is known.

from windu.datasets import load_tate

works, year = load_tate(return_X_y=True)
materials = ["oil", "canvas", "paper", "photograph", "lithograph", "steel", "wood"]
medium = works["medium"].str.lower()
y = [[name for name in materials if name in text] for text in medium.fillna("")]
X = works.drop(columns="medium").assign(year=year)
X.head(3)

# %%
import pandas as pd

pd.Series(y).explode().value_counts(normalize=True).round(3)

# %%
# The predictor
# -------------
# ``threshold="f1"`` raises the mean of the F1 of each label. Each label has one cut,
# the best one of all its distinct scores.

from sklearn.model_selection import train_test_split

from windu import WinduEstimator

X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
est = WinduEstimator("linear", threshold="f1", random_state=0).fit(X_train, y_train)
est.task_

# %%
pd.Series(est.threshold_.thresholds_, est.classes_, name="threshold").round(2)

# %%
# A picture of the score along each cut, the other cuts kept:

from windu import ThresholdCurveDisplay

display = ThresholdCurveDisplay.from_estimator(est)

# %%
# On rows that nothing was fitted on
# ----------------------------------

from sklearn.metrics import f1_score

encode = est.label_encoder_.transform
plain = est.replace(threshold=None)
pd.DataFrame(
    {
        name: f1_score(
            encode(y_test), encode(one.predict(X_test)), average=None, zero_division=0
        )
        for name, one in {"plain decision": plain, "chosen thresholds": est}.items()
    },
    index=est.classes_,
).round(3)

# %%
# Predictions are lists of labels, as ``y`` is; probabilities do not change.

est.predict(X_test.head(3))
