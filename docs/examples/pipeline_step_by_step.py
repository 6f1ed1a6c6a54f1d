"""
A pipeline, step by step
========================

Who of 1,629 adults died within ten years? The table comes from a file, the rows are
held back once, and each step runs again only if something that it depends on has
changed: here in a notebook, or from the shell in the same folder.
"""

# %%
# A whole run
# -----------
#
# The pipeline is code here; ``to_yaml`` says the same as a file.

import tempfile
from pathlib import Path

from windu import TrainingPipeline, WinduEstimator
from windu.datasets import load_nhefs

folder = Path(tempfile.mkdtemp())
load_nhefs().frame.to_csv(folder / "nhefs.csv", index=False)

pipe = TrainingPipeline(
    WinduEstimator("linear", random_state=0),
    data=folder / "nhefs.csv",
    target="death",
    split={"dev": 0.25, "seed": 0},
    evaluate=["roc_auc", "log_loss"],
    metastore=str(folder / "metastore"),
    name="nhefs",
)
pipe.run()

# %%
# Until a step, from a step, one step
# -----------------------------------
#
# What was made before is *kept* in memory.

pipe.run(until="transform")

# %%
# From a step on everything runs in any case.

pipe.run(start="fit_model").steps[["step", "state"]]

# %%
# Each step is a method, which returns what it makes.

pipe.featurize().head(3)

# %%
# One part changed
# ----------------
#
# Another model leaves the features as they are.

pipe.set(model="random_forest").run().steps[["step", "state"]]

# %%
# The cache
# ---------
#
# Another process, or a pipeline read from YAML, finds in the metastore what the steps
# have made.

again = TrainingPipeline.from_yaml(pipe.to_yaml())
again.run().steps[["step", "state", "seconds"]]

# %%
# ``windu cache`` shows its sizes. An entry that is damaged or gone is made again.

from windu import Metastore

store = Metastore(folder / "metastore")
store.runs()[["reference", "metrics.dev.roc_auc", "metrics.dev.log_loss"]]

# %%
# Versions of a step
# ------------------
#
# Functions of a module of your own are registered with a number. A configuration says
# which, and whoever reads it says which modules it may name. ``windu train nhefs.yaml
# --set estimator.featurizer.version=2 --allow my_features`` does the same.

import sys

(folder / "my_features.py").write_text(
    """
from windu import register

@register("featurizer", "rates", version=1)
def packs(frame):
    return frame.assign(packs=frame["smokeintensity"] / 20)

@register("featurizer", "rates", version=2)
def pack_years(frame):
    return frame.assign(packs=frame["smokeintensity"] / 20 * frame["smokeyrs"])
"""
)
sys.path.insert(0, str(folder))

text = f"""
data: {{path: "{(folder / "nhefs.csv").as_posix()}", target: death}}
split: {{dev: 0.25, seed: 0}}
estimator:
  featurizer: {{use: "my_features:rates", version: 1}}
  model: linear
evaluate: [roc_auc, log_loss]
metastore: "{(folder / "metastore").as_posix()}"
name: rates
"""
for version in ("1", "2"):
    change = {"estimator.featurizer.version": version}
    chosen = TrainingPipeline.from_yaml(text, allow=["my_features"], changes=change)
    print(version, round(chosen.run().metrics["dev.roc_auc"], 3))

# %%
# Prediction
# ----------
#
# New tables are checked against the stored schema. ``windu export nhefs`` writes the
# same YAML, and ``windu predict predict.yaml new.csv -o scored.parquet`` uses it.

predicting = again.to_prediction(keep=["age"])
print(predicting.to_yaml().replace(str(folder), "."))
predicting.run(folder / "nhefs.csv", folder / "scored.parquet")

# %%
# A partial pipeline
# ------------------
#
# Features without a model are a run as well. Another pipeline takes them as they are,
# and its run says where they come from.

from windu import StoredPart

features = WinduEstimator(model=None, random_state=0)
pipe.set(estimator=features, name="features").run()

est = WinduEstimator(
    "hist_gradient_boosting",
    featurizer=StoredPart("features@1"),
    transformer=StoredPart("features@1"),
)
pipe.set(estimator=est, name="on_features").run()
store.lineage("on_features")[["reference", "tags.transformer"]]

# %%
# Other features without training
# -------------------------------
#
# A stored run becomes a pipeline again. A new function takes the place of its
# featurizer if it gives the same features; the stored model predicts with it.

pipe = TrainingPipeline.from_run(
    "rates@2",
    folder / "metastore",
    allow=["my_features"],
    trusted=["my_features.pack_years"],
)


def halves(frame):
    """Count smoked packs in halves."""
    packs = (frame["smokeintensity"] / 10).round() / 2
    return frame.assign(packs=packs * frame["smokeyrs"])


pipe.replace(featurizer=halves)

# %%
# The rows that are predicted otherwise:

pipe.changes()
