"""`StoredPart`: a part of a stored run, by reference."""

from __future__ import annotations

from windu._compat.bases import BaseEstimator

__all__ = ["StoredPart"]


class StoredPart(BaseEstimator):
    """Stands for a fitted part of a stored run, in code and in YAML.

    A `TrainingPipeline` looks it up when it runs, and uses it as it is: it is not
    fitted again. In YAML: ``transformer: {from: "credit@3"}``.

    Parameters
    ----------
    run : str
        ``"credit@3"``, ``"credit@production"``, ``"credit"`` or the id of a run.
    part : {"featurizer", "transformer", "label_encoder", "model", "threshold"}, \
default=None
        Which part of it; None takes that in whose place it stands.
    metastore : str, default=None
        Where the run is stored; None looks in the metastore of the pipeline.

    See Also
    --------
    windu.Metastore.load_part : The part itself; in a `sklearn.frozen.FrozenEstimator`
        it serves a `WinduEstimator` without a pipeline.

    Examples
    --------
    >>> from windu import Metastore, StoredPart, TrainingPipeline, WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> given = {"data": load_penguins().frame, "target": "species"}
    >>> given["metastore"] = Metastore("memory://docs-of-stored-parts")
    >>> features = TrainingPipeline(WinduEstimator(model=None), name="birds", **given)
    >>> features.run().run.reference
    'birds@1'
    >>> est = WinduEstimator(
    ...     "svm", featurizer=StoredPart("birds@1"), transformer=StoredPart("birds@1")
    ... )
    >>> TrainingPipeline(est, **given).run().estimator.transformer
    FrozenEstimator(...)
    """

    def __init__(
        self, run: str, *, part: str | None = None, metastore: str | None = None
    ):
        self.run = run
        self.part = part
        self.metastore = metastore
