"""The types that windu trusts at load: a reviewed table.

skops trusts scikit-learn's public estimators by itself. What stands here in addition
are internals that fitted estimators hold. Each was reviewed for one question: is
building it from hostile data harmless? Those that only hold arrays, numbers and texts
are; those that a process can crash on when they predict are in `CHECKED`, and
`windu.persistence.integrity` looks at them before `windu.load` returns. Trees and
distances of compiled code can crash while they are built: `windu.load` builds them of
arrays, by `windu.persistence.packing`, and only plain skops, which has no such form, is
told to trust them.
"""

from __future__ import annotations

__all__ = ["CHECKED", "FUNCTIONS", "TRUSTED", "trusted_types"]

_WINDU = (
    "windu.components._linear_design.LinearDesign",
    "windu.components.blend.BoostedBlendClassifier",
    "windu.components.blend.BoostedBlendRegressor",
    "windu.components.featurizers.AutoFeaturizer",
    "windu.components.label_encoders.IndicatorEncoder",
    "windu.components.ensemble.WeightedEnsembleClassifier",
    "windu.components.ensemble.WeightedEnsembleRegressor",
    "windu.components.labelwise.LabelwiseClassifier",
    "windu.components.log_encoder.LogEncoder",
    "windu.components.text.TextEncoder",
    "windu.components.thresholds.decisions.Family",
    "windu.components.thresholds.selector.ThresholdSelector",
    "windu.components.transformers.AutoTransformer",
    "windu.estimator.estimator.WinduEstimator",
    "windu.persistence.flavors.NativePart",
    "windu.persistence.functions.FunctionReference",
    "windu.persistence.packing.PackedPredictors",
    "windu.persistence.packing.PackedTrees",
    "windu.persistence.packing_neighbours.PackedMetric",
    "windu.persistence.packing_neighbours.PackedNeighbours",
    "windu.persistence.packing_splines.PackedSpline",
    "windu.schema.columns.TableSchema",
    "windu.schema.user.stored.StoredSchema",
)

#: Hold plain values and a booster, which is built from the native file.
_BOOSTERS = (
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRFClassifier",
    "xgboost.sklearn.XGBRFRegressor",
    "xgboost.sklearn.XGBRegressor",
)

#: Hold arrays, numbers and texts; building them runs no code from the file.
_PLAIN = (
    "collections.OrderedDict",
    "decimal.Decimal",
    "functools.partial",
    "numpy.dtype",
    "scipy.interpolate._bsplines.BSpline",
    # What that holds from scipy 1.18 on.
    "scipy.interpolate._bsplines._BSpline",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.compose._column_transformer.make_column_selector",
    # Whether skops knows these depends on the imports before it.
    "sklearn.impute._iterative.IterativeImputer",
    "sklearn.impute._iterative._ImputerTriplet",
    "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
    "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
    "scipy.sparse._csc.csc_matrix",
    "scipy.sparse._csr.csr_matrix",
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)

_OF_COLUMNS = ("chi2", "f_classif", "f_regression")
_SCORES = (
    *("accuracy_score", "balanced_accuracy_score", "cohen_kappa_score"),
    *("f1_score", "fbeta_score", "hamming_loss", "jaccard_score"),
    *("matthews_corrcoef", "precision_score", "recall_score", "zero_one_loss"),
)
_SELECTION = "sklearn.feature_selection._univariate_selection"
_SELECTORS = tuple(
    (f"{_SELECTION}.{name}", ".score_func")
    for name in (
        *("GenericUnivariateSelect", "SelectFdr", "SelectFpr", "SelectFwe"),
        *("SelectKBest", "SelectPercentile"),
    )
)
_SCORERS = tuple(
    (f"sklearn.metrics._scorer.{name}", "._score_func")
    for name in ("_CurveScorer", "_Scorer")
)

#: Functions of arrays, which give back arrays or an error whatever they are given, each
#: with the attributes that may hold it (`windu.persistence.trust.storable`). Scores are
#: those
#: of decisions. ``check_array`` is a partial call in histogram gradient boosting with
#: levels, and stands nowhere else.
FUNCTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "numpy.mean": (
        ("sklearn.cluster._agglomerative.FeatureAgglomeration", ".pooling_func"),
    ),
    "scipy._lib.array_api_compat.numpy._aliases.asarray": (
        ("scipy.interpolate._bsplines.BSpline", "._asarray"),
    ),
    "sklearn.utils.validation.check_array": (),
    **{f"{_SELECTION}.{name}": _SELECTORS for name in _OF_COLUMNS},
    **{f"sklearn.metrics._classification.{name}": _SCORERS for name in _SCORES},
}

#: Checked before they predict.
CHECKED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)

#: Crash a process if they are built from an invalid state.
_COMPILED = (
    *(
        f"sklearn.metrics._dist_metrics.{name}Distance64"
        for name in ("Chebyshev", "Euclidean", "Manhattan", "Minkowski")
    ),
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.tree._tree.Tree",
)

TRUSTED = frozenset((*_WINDU, *_BOOSTERS, *_PLAIN, *FUNCTIONS, *CHECKED))


def trusted_types() -> list[str]:
    """Return the types to trust for an estimator in a plain skops file.

    `windu.load` needs no such list. Plain skops does not look at fitted structures,
    which can crash a process when edited: load files from people you trust.

    Returns
    -------
    list of str
        Sorted; for ``skops.io.load(file, trusted=windu.trusted_types())``.

    Examples
    --------
    >>> from windu import trusted_types
    >>> "windu.estimator.estimator.WinduEstimator" in trusted_types()
    True
    """
    return sorted(TRUSTED.union(_COMPILED))
