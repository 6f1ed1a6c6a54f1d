"""
Regression with short text
==========================

When was an artwork made? All that is known is the artist, the title and the medium,
and all three are text.
"""

# %%
# The table
# ---------

from windu.datasets import load_tate

X, y = load_tate(return_X_y=True)
X.head()

# %%
# The target is a year. It has more than 20 different values, so the task is
# regression.

y.describe().round(1)

# %%
# The predictor
# -------------

from sklearn.model_selection import train_test_split

from windu import WinduEstimator

X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
est = WinduEstimator(random_state=0).fit(X_train, y_train)
est.task_

# %%
# The kinds of the columns decide what becomes of each before it reaches the model.

est.feature_report_[["column", "kind", "why"]]

# %%
# Many levels are encoded by the target, texts by their words. The names of artists and
# the media have several words, and are encoded both ways.

for name, encoder, columns in est.transformer_.transformers_:
    print(f"{name}: {type(encoder).__name__} of {', '.join(columns)}")

# %%
# Against the constant that is best on the training rows:

import pandas as pd
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error, r2_score

constant = DummyRegressor().fit(X_train, y_train)
pd.DataFrame(
    {
        name: {
            "mean absolute error, in years": mean_absolute_error(y_test, predicted),
            "R2": r2_score(y_test, predicted),
        }
        for name, predicted in {
            "constant": constant.predict(X_test),
            "windu": est.predict(X_test),
        }.items()
    }
).T.round(2)

# %%
# The mean of a linear and a boosted model
# ----------------------------------------
# The default model chose the weight of its linear member on held-out rows.

print(f"weight {est.model_.weight_:.2f}, {est.model_.n_iter_} rounds of boosting")

# %%
# New works come as they are: a list of dicts is enough.

est.predict(
    [
        {
            "artist": "Moriyama, Daido",
            "title": "Untitled",
            "medium": "Photograph, gelatin silver print on paper",
        }
    ]
).round()
