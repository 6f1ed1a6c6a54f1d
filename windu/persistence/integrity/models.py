"""Bounds of indices in neighbors, support vectors, sparse matrices and codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from scipy.interpolate import BSpline
from sklearn import neighbors, svm
from sklearn.base import BaseEstimator
from sklearn.cluster import FeatureAgglomeration, KMeans, MiniBatchKMeans
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.metrics import DistanceMetric
from sklearn.preprocessing import (
    MultiLabelBinarizer,
    OneHotEncoder,
    PolynomialFeatures,
    SplineTransformer,
)

from windu._compat.sklearn import Scorer

__all__ = ["MODEL_CHECKS"]

#: Largest plausible n_jobs; more would exhaust a machine.
_MAX_JOBS = max(64, os.cpu_count() or 1)
#: joblib counts these down from the cores.
_MIN_JOBS = -1024
#: Powers of columns are counted by as many steps as there are of either.
_MAX_POWERS = 1000
_MAX_LABELS = 1000
_SETTINGS = (str, int, float, type(None), np.generic)
_KERNELS = ("linear", "poly", "rbf", "sigmoid", "precomputed")
#: Words that the generators of numpy keep, and at which they stand.
_POSITIONS = {"pos": 624, "buffer_pos": 4}


def _sparse_fits(obj: Any) -> bool:
    if obj.format in ("csr", "csc", "bsr"):
        return _compressed_fits(obj)
    # Their constructors check everything.
    if obj.format == "coo":
        type(obj)((obj.data, obj.coords), shape=obj.shape)
    elif obj.format == "dia":
        type(obj)((obj.data, obj.offsets), shape=obj.shape)
    else:
        return False
    return True


def _compressed_fits(obj: Any) -> bool:
    # scipy's own check finds nothing wrong with a negative number of values.
    ends, indices = obj.indptr, obj.indices
    block = obj.data.shape[1:] if obj.format == "bsr" else (1, 1)
    rows, columns = (n // b for n, b in zip(obj.shape, block, strict=True))
    if obj.format == "csc":
        rows, columns = columns, rows
    return (
        ends.shape == (rows + 1,)
        and ends[0] == 0
        and bool((np.diff(ends) >= 0).all())
        and ends[-1] == len(indices) == len(obj.data)
        and bool((indices >= 0).all() and (indices < columns).all())
    )


def _ball_fits(obj: Any) -> bool:
    data, index, nodes, bounds, leaf_size, *_, metric, weights = obj.__getstate__()
    n_rows, n_nodes = len(data), len(nodes)
    starts, ends = nodes["idx_start"], nodes["idx_end"]
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    return (
        n_nodes > 0
        and leaf_size > 0
        and isinstance(metric, DistanceMetric)
        and len(index) == n_rows
        and bool((index >= 0).all() and (index < n_rows).all())
        and bool((starts >= 0).all() and (starts <= ends).all())
        and bool((ends <= n_rows).all() and (2 * inner + 2 < n_nodes).all())
        and len(bounds) == (2 if isinstance(obj, neighbors.KDTree) else 1)
        and bounds.shape[1:] == (n_nodes, data.shape[1])
        and (weights is None or len(weights) == n_rows)
    )


def _metric_fits(obj: Any) -> bool:
    # Feature weights are read up to the width of the table.
    _, weights, matrix, *_ = obj.__getstate__()
    return weights.size <= 1 and matrix.size <= 1


def _neighbours_fit(obj: Any) -> bool:
    state = vars(obj)
    if "_fit_X" not in state:
        return True
    rows, columns = obj._fit_X.shape
    metric_params = set(obj.effective_metric_params_ or ())
    return (
        columns == obj.n_features_in_
        and not metric_params & {"X_norm_squared", "Y_norm_squared"}
        # scikit-learn allocates memory for votes before it counts rows.
        and (
            not isinstance(obj, neighbors.KNeighborsClassifier)
            or obj.n_neighbors <= rows
        )
        and ("_y" not in state or _codes_fit(obj, rows))
    )


def _codes_fit(obj: Any, rows: int) -> bool:
    codes = obj._y.reshape(len(obj._y), -1)
    if "classes_" not in vars(obj):
        return len(codes) == rows
    is_single = isinstance(obj.classes_, np.ndarray)
    counts = [
        len(is_single) for is_single in ([obj.classes_] if is_single else obj.classes_)
    ]
    return (
        len(codes) == rows
        and codes.dtype.kind == "i"
        and bool((codes >= 0).all() and (codes < np.array(counts)).all())
    )


def _votes_fit(obj: Any) -> bool:
    """Tell whether what members say are codes of classes: they are counted."""
    if "estimators_" not in vars(obj):
        return True
    n_classes = len(obj.classes_)
    for member in obj.estimators_:
        codes = np.asarray(getattr(member, "classes_", range(n_classes)))
        if codes.dtype.kind not in "iu" or not len(codes):
            return False
        if codes.min() < 0 or codes.max() >= n_classes:
            return False
    return True


def _support_fits(obj: Any) -> bool:
    state = vars(obj)
    if "support_vectors_" not in state:
        return True
    vectors, counts = obj.support_vectors_, obj._n_support
    n, n_classes = len(obj.support_), len(counts)
    by_class = isinstance(obj, (svm.SVC, svm.NuSVC))
    n_pairs = n_classes * (n_classes - 1) // 2
    rows, columns = obj.shape_fit_
    probabilities = getattr(obj, "_effective_probability", obj.probability)
    called = callable(obj.kernel)
    computed = called or obj.kernel == "precomputed"
    weights = obj._dual_coef_
    n_weights = len(weights.data) if sparse.issparse(weights) else weights.size
    return (
        "_impl" not in state
        and (called or obj.kernel in _KERNELS)
        and obj._sparse == sparse.issparse(vectors) == sparse.issparse(weights)
        and n_classes >= 2
        and bool((obj.support_ >= 0).all() and (obj.support_ < rows).all())
        # Only classifiers have counts.
        and (
            bool((counts >= 0).all() and counts.sum() == n)
            if by_class
            else n_classes == 2
        )
        and n_weights == weights.shape[0] * n == (n_classes - 1) * n
        and len(obj._intercept_) == n_pairs
        and {len(obj._probA), len(obj._probB)} <= {0, 1, n_pairs}
        and (not by_class or len(obj._probA) == len(obj._probB))
        # libsvm trusts the given positions.
        and (not probabilities or len(obj._probA) == n_pairs)
        and (called or obj.n_features_in_ == columns)
        and (called or not computed or rows == columns)
        and (vectors.shape == (n, columns) or (computed and not vectors.shape[0]))
    )


def _centres_fit(obj: Any) -> bool:
    if "cluster_centers_" not in vars(obj):
        return True
    rows, columns = obj.cluster_centers_.shape
    threads = obj._n_threads
    return rows > 0 and columns == obj.n_features_in_ and 0 < threads <= _MAX_JOBS


def _groups_fit(obj: Any) -> bool:
    if "labels_" not in vars(obj):
        return True
    labels = obj.labels_
    return bool((labels >= 0).all() and (labels < len(labels)).all())


def _one_hot_fits(obj: Any) -> bool:
    if "_n_features_outs" not in vars(obj):
        return True
    dropped = obj._drop_idx_after_grouping
    if len(obj._n_features_outs) != len(obj.categories_):
        return False
    for number, (n_out, levels) in enumerate(
        zip(obj._n_features_outs, obj.categories_, strict=True)
    ):
        n_codes = len(levels)
        if levels.dtype.kind not in "OUS":
            finite = levels[~np.isnan(levels)] if levels.dtype.kind == "f" else levels
            if not (finite[:-1] < finite[1:]).all() or len(finite) < n_codes - 1:
                return False
        mapping = obj._default_to_infrequent_mappings if obj._infrequent_enabled else []
        codes = mapping[number] if len(mapping) else None
        if codes is not None:
            n_codes = max(codes) + 1
            if min(codes) < 0:
                return False
        drop = None if dropped is None else dropped[number]
        if drop is not None and not 0 <= drop < n_codes:
            return False
        if type(n_out) is not int or n_codes - (drop is not None) > n_out:
            return False
    return True


def _words_fit(obj: Any) -> bool:
    name = "_cached_dict" if isinstance(obj, MultiLabelBinarizer) else "vocabulary_"
    words = vars(obj).get(name)
    if words is None:
        return True
    return all(
        isinstance(place, (int, np.integer)) and 0 <= place < len(words)
        for place in words.values()
    )


def _hasher_fits(obj: Any) -> bool:
    return type(obj.n_features) is int and 0 < obj.n_features < 2**31


#: What a spline keeps its values in: itself, or from scipy 1.18 on one of its own.
_OF_SPLINES = {BSpline, type(vars(BSpline([0, 1], [0], 0)).get("_delegate_to"))}


def _spline_fits(obj: Any) -> bool:
    if type(vars(obj).get("_delegate_to", obj)) not in _OF_SPLINES:
        return False
    knots, degree = np.asarray(obj.t), obj.k
    n = len(knots) - degree - 1 if knots.ndim == 1 else -1
    return (
        0 <= degree < n
        and len(obj.c) >= n
        and bool(np.isfinite(knots).all() and (np.diff(knots) >= 0).all())
    )


def _splines_fit(obj: Any) -> bool:
    if "bsplines_" not in vars(obj):
        return True
    most = max(np.shape(spline.c)[1] for spline in obj.bsplines_)
    return obj.n_features_out_ <= obj.n_features_in_ * most


def _powers_fit(obj: Any) -> bool:
    """Tell whether fitting again, which looks at the settings, counts the same."""
    if "_n_out_full" not in vars(obj):
        return True
    n, degree = obj.n_features_in_, obj.degree
    if type(n) is not int or min(n, np.max(degree)) > _MAX_POWERS:
        return False
    params = obj.get_params()
    refitted = PolynomialFeatures(**params).fit(sparse.csr_array((1, n)))
    names = ("_min_degree", "_max_degree", "_n_out_full", "n_output_features_")
    return all(
        _same_number(*(getattr(o, name) for o in (obj, refitted))) for name in names
    )


def _same_number(value: Any, expected: Any) -> bool:
    return type(value) is type(expected) and value == expected


def _random_fits(obj: Any) -> bool:
    if isinstance(obj, np.random.RandomState):
        state = obj.get_state(legacy=False)
    else:
        state = obj.bit_generator.state
    at = {**state, **state["state"]}
    return all(0 <= at.get(name, 0) <= most for name, most in _POSITIONS.items())


def _jobs_fit(obj: Any) -> bool:
    jobs = vars(obj).get("n_jobs")
    return jobs is None or (type(jobs) is int and _MIN_JOBS <= jobs <= _MAX_JOBS)


def _scorer_fits(obj: Any) -> bool:
    # A table of as many labels squared is counted in.
    options = obj._kwargs.values()
    return all(
        isinstance(value, _SETTINGS)
        or (
            isinstance(value, (list, tuple, np.ndarray))
            and np.size(value) <= _MAX_LABELS
        )
        for value in options
    )


Check = tuple[type | tuple[type, ...], Callable[[Any], bool], str]
_NEIGHBOURS = (
    *(neighbors.KNeighborsClassifier, neighbors.KNeighborsRegressor),
    *(neighbors.RadiusNeighborsClassifier, neighbors.RadiusNeighborsRegressor),
    *(neighbors.KNeighborsTransformer, neighbors.RadiusNeighborsTransformer),
    *(neighbors.NearestNeighbors, neighbors.LocalOutlierFactor),
)
_MACHINES = (svm.SVC, svm.NuSVC, svm.SVR, svm.NuSVR, svm.OneClassSVM)

#: Classes, their checks and the messages.
MODEL_CHECKS: tuple[Check, ...] = (
    (
        (sparse.spmatrix, sparse.sparray),
        _sparse_fits,
        "A sparse matrix must have its values inside its shape",
    ),
    (
        (neighbors.KDTree, neighbors.BallTree),
        _ball_fits,
        "A tree of neighbours must point to its own rows and nodes",
    ),
    (
        DistanceMetric,
        _metric_fits,
        "A distance that is stored must weigh all features alike",
    ),
    (
        _NEIGHBOURS,
        _neighbours_fit,
        "Neighbours must have the columns of the model, and its classes",
    ),
    (
        VotingClassifier,
        _votes_fit,
        "Members that vote must know the classes by their codes",
    ),
    (
        _MACHINES,
        _support_fits,
        "The counts of support vectors must agree with the vectors",
    ),
    (
        (KMeans, MiniBatchKMeans),
        _centres_fit,
        "Centres of clusters must have the columns of the model",
    ),
    (
        FeatureAgglomeration,
        _groups_fit,
        "Groups of features must be no more than the features",
    ),
    (
        OneHotEncoder,
        _one_hot_fits,
        "An encoder must have a column for each level that it knows",
    ),
    (
        (CountVectorizer, DictVectorizer, MultiLabelBinarizer),
        _words_fit,
        "Every word of a vocabulary must have a column inside of it",
    ),
    (
        (FeatureHasher, HashingVectorizer),
        _hasher_fits,
        "Hashed features must be at least one, and less than 2**31",
    ),
    (
        BSpline,
        _spline_fits,
        "A spline must have rising knots and a coefficient for each basis",
    ),
    (
        SplineTransformer,
        _splines_fit,
        "Splines must make as many columns as they have",
    ),
    (
        PolynomialFeatures,
        _powers_fit,
        "Powers of columns must be as many as their settings ask for",
    ),
    (
        (np.random.RandomState, np.random.Generator),
        _random_fits,
        "A generator of random numbers must stand inside its own words",
    ),
    (
        Scorer,
        _scorer_fits,
        f"A scorer may pass on numbers, texts, and at most {_MAX_LABELS} labels",
    ),
    (
        BaseEstimator,
        _jobs_fit,
        f"An estimator may ask for at most {_MAX_JOBS} jobs; n_jobs=-1 is all cores",
    ),
)
