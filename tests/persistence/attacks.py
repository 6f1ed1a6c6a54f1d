"""Edits of fitted structures that compiled code would follow out of its arrays.

    python -m tests.persistence.attacks [NAME ...]

Each attack is a fitted object and an edit with a random generator; 100 variants of each
are written as windu writes them, and must be refused when they are built.
"""

import contextlib
import copy
import sys
import warnings
from functools import cache

import numpy as np
from scipy import sparse
from sklearn import cluster, ensemble, neighbors, svm
from sklearn import preprocessing as pre
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import make_scorer
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from windu.exceptions import WinduError
from windu.persistence.integrity import check_structure
from windu.persistence.objects import build, dump, types_in
from windu.persistence.packing import pack, unpack
from windu.persistence.substitution import substitute

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=(60, 3)), RNG.integers(0, 4, 60)])
Y = (X[:, 0] > 0).astype(int) + (X[:, 3] % 2 > 0)
FEW = {"n_estimators": 3, "max_depth": 4, "random_state": 0}
ROUNDS = {"max_iter": 3, "min_samples_leaf": 5, "random_state": 0}
VARIANTS = 100
#: So many of them go through the bytes of a file; the rest are checked as `build` does.
WRITTEN = 2

FITTED = {
    "tree": DecisionTreeClassifier(max_depth=4),
    "forest": ensemble.RandomForestClassifier(**FEW),
    "boosting": ensemble.GradientBoostingClassifier(**FEW),
    "histogram": ensemble.HistGradientBoostingClassifier(**ROUNDS),
    "levels": ensemble.HistGradientBoostingClassifier(
        **ROUNDS, categorical_features=[3]
    ),
    "svc": svm.SVC(),
    "nu": svm.NuSVC(nu=0.1, probability=True),
    "svr": svm.SVR(),
    "one class": svm.OneClassSVM(),
    "k-d": neighbors.KNeighborsClassifier(3, algorithm="kd_tree", leaf_size=5),
    "ball": neighbors.KNeighborsRegressor(3, algorithm="ball_tree", leaf_size=5),
    "brute": neighbors.KNeighborsClassifier(3, algorithm="brute"),
    "outliers": neighbors.LocalOutlierFactor(3, novelty=True),
    "k-means": cluster.KMeans(3, n_init=1, random_state=0),
    "groups": cluster.FeatureAgglomeration(2),
    "one-hot": pre.OneHotEncoder(min_frequency=9, handle_unknown="ignore"),
    "splines": pre.SplineTransformer(3),
    "votes": ensemble.VotingClassifier([("a", GaussianNB()), ("b", GaussianNB())]),
    "powers": pre.PolynomialFeatures(),
}


@cache
def _fitted(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target = X[:, 0] if name in ("svr", "ball") else Y
        table = X[:, 3:] if name == "one-hot" else X
        return FITTED[name].fit(table, target)


def outside(rng, low, high):
    """Return an integer below low, or from high on."""
    near = [low - 1, low - 2, high, high + 1]
    far = [-(2**31), 2**31 - 1, high + 10**6, -(10**6)]
    return int(rng.choice(near if rng.random() < 0.5 else far))


def _fitting(value, dtype):
    return value % 2**32 if dtype.kind == "u" else value


@cache
def _packed_form(name):
    """Return what `dump` writes, with trees as arrays, to be edited before."""
    return substitute(_fitted(name), pack)


def _packed(held):
    """Return the packed trees inside an object, whatever the attribute."""
    if hasattr(held, "nodes"):
        return held
    return next(v for v in vars(held).values() if hasattr(v, "nodes"))


# Trees. A leaf's left child is -1; in histograms a flag says so.


def _children(left, right, inner):
    def out_of_range(held, rng):
        trees = _packed(held)
        where = rng.choice(inner(trees.nodes))
        value = outside(rng, -1, len(trees.nodes))
        name = str(rng.choice([left, right]))
        trees.nodes[name][where] = _fitting(value, trees.nodes[name].dtype)

    def cycle(held, rng):
        trees = _packed(held)
        start = 0
        for count in trees.counts:
            here = inner(trees.nodes[start : start + count])
            where = rng.choice(here)
            back = rng.choice(here[here <= where])
            trees.nodes[str(rng.choice([left, right]))][start + where] = back
            start += count

    return {"child out of range": out_of_range, "cycle": cycle}


def _feature(name, inner):
    def feature(held, rng):
        nodes = _packed(held).nodes
        nodes[name][rng.choice(inner(nodes))] = outside(rng, 0, X.shape[1])

    return {"feature": feature}


def _sizes(held, rng):
    trees = _packed(held)
    name = str(rng.choice(["counts", "nodes"]))
    array = getattr(trees, name)
    kind = rng.integers(3)
    if kind == 0:
        setattr(trees, name, array[: rng.integers(len(array))])
    elif kind == 1:
        setattr(trees, name, np.concatenate([array, array[:1]]))
    else:
        trees.counts[rng.integers(len(trees.counts))] += outside(rng, 0, 1)


def _other_values(held, rng):
    trees = _packed(held)
    kind, values = rng.integers(3), trees.values
    if kind == 0:
        trees.values = values[: rng.integers(len(values))]
    elif kind == 1:
        trees.values = values[:, :, :0] if rng.random() < 0.5 else values[:, :0]
    else:
        trees.n_classes = np.array([outside(rng, 1, trees.n_classes[0] + 1)])


def _other_features(held, rng):
    held.n_features_in_ = int(rng.choice([0, 1, 2, 3, 5, 10**6, -1, 2**31]))


def _several_features(held, rng):
    _packed(held).n_features = int(rng.choice([0, 1, 2, 3, 5, 7, 10**6, 2**31 - 1]))


def _inner(nodes):
    return np.flatnonzero(nodes["left_child"] != -1)


def _inner_of_rounds(nodes):
    return np.flatnonzero(nodes["is_leaf"] == 0)


def _tree_attacks():
    edits = _children("left_child", "right_child", _inner)
    edits |= _feature("feature", _inner)
    edits |= {"sizes": _sizes, "values": _other_values}
    edits |= {"features": _several_features}
    for name in ("tree", "forest", "boosting"):
        for edit, change in edits.items():
            yield f"{name}: {edit}", name, change
    yield "boosting: features of the model", "boosting", _other_features


def _boosting_columns(held, rng):
    trees = _packed(held)
    rows, columns = trees.shape
    shapes = [[columns, rows + 1], [rows * columns, 1], [1, rows * columns], []]
    shapes += [[rows, columns, 1], [-1], [0]]
    trees.shape = shapes[rng.integers(len(shapes))]


def _histogram_attacks():
    edits = _children("left", "right", _inner_of_rounds)
    edits |= _feature("feature_idx", _inner_of_rounds)

    def tables(held, rng):
        trees = _packed(held)
        name = str(rng.choice(["binned", "raw"]))
        array = getattr(trees, name)
        kind = rng.integers(3)
        if kind == 0:
            array = array[:, : rng.integers(8)]
        elif kind == 1:
            array = array[: rng.integers(len(array))]
        else:
            trees.tables = trees.tables + int(rng.integers(1, 9))
        setattr(trees, name, array)

    def which_table(held, rng):
        trees = _packed(held)
        nodes = trees.nodes
        levels = np.flatnonzero(nodes["is_categorical"])
        nodes["bitset_idx"][rng.choice(levels)] = rng.integers(10**3, 2**32 - 1)

    def levels(held, rng):
        nodes = _packed(held).nodes
        by_numbers = [i for i in _inner_of_rounds(nodes) if nodes["feature_idx"][i] < 3]
        nodes["is_categorical"][rng.choice(by_numbers)] = 1

    def mapper(held, rng):
        kept = held._bin_mapper.is_categorical_
        n = int(rng.choice([0, 1, 2, 3, 5, 9]))
        held._bin_mapper.is_categorical_ = np.resize(kept, n)

    def rounds(held, rng):
        _packed(held).per_round = int(rng.choice([-1, 0, 2, 4, 5, 10**6]))

    for name in ("histogram", "levels"):
        for edit, change in edits.items():
            yield f"{name}: {edit}", name, change
    yield "histogram: rounds", "histogram", rounds
    yield "histogram: features", "histogram", _other_features
    yield "histogram: levels", "histogram", levels
    yield "histogram: mapper", "histogram", mapper
    yield "levels: tables", "levels", tables
    yield "levels: which table", "levels", which_table


# Support vectors


def _machine_attacks():
    def counts(held, rng):
        counts = held._n_support.copy()
        counts[rng.integers(len(counts))] += outside(rng, 0, 1)
        held._n_support = counts

    def more_counts(held, rng):
        held._n_support = np.resize(held._n_support, int(rng.choice([0, 1, 4, 5, 99])))

    def rows(held, rng):
        support = held.support_.copy()
        support[rng.integers(len(support))] = outside(rng, 0, held.shape_fit_[0])
        held.support_ = support

    def arrays(held, rng):
        names = ("support_vectors_", "_dual_coef_", "_intercept_", "support_")
        name = str(rng.choice(names))
        array = getattr(held, name)
        kind = rng.integers(3)
        if kind == 0:
            array = array[: rng.integers(len(array))]
        elif kind == 1:
            array = np.concatenate([array, array])
        else:
            array = array[..., :-1]
        setattr(held, name, array)

    def columns(held, rng):
        n = int(rng.choice([0, 1, 3, 5, 9]))
        held.shape_fit_ = (held.shape_fit_[0], n)

    def odds(held, rng):
        name = str(rng.choice(["_probA", "_probB"]))
        setattr(held, name, np.zeros(int(rng.choice([2, 4, 5, 9, 99]))))

    def asked_odds(held, rng):
        # As scikit-learn 1.8 and 1.9 call it.
        held.probability = held._effective_probability = [True, 1, 7][rng.integers(3)]

    yield "svc: odds that are not there", "svc", asked_odds
    for name in ("svc", "nu", "svr", "one class"):
        if name in ("svc", "nu"):
            yield f"{name}: counts", name, counts
        yield f"{name}: more counts", name, more_counts
        yield f"{name}: rows", name, rows
        yield f"{name}: arrays", name, arrays
        yield f"{name}: columns", name, columns
    yield "nu: odds", "nu", odds


# Neighbours


def _balls(name):
    def edited(change):
        def edit(held, rng):
            state = held._tree.state
            state[:4] = [np.array(one) for one in state[:4]]
            change(state, rng)

        return edit

    def index(state, rng):
        state[1][rng.integers(len(state[1]))] = outside(rng, 0, len(state[0]))

    def spans(state, rng):
        side = str(rng.choice(["idx_start", "idx_end"]))
        where = rng.integers(len(state[2]))
        state[2][side][where] = outside(rng, 0, len(state[0]) + 1)

    def leaves(state, rng):
        leaf = np.flatnonzero(state[2]["is_leaf"])
        state[2]["is_leaf"][rng.choice(leaf)] = 0

    def sizes(state, rng):
        which = int(rng.integers(4))
        array = state[which]
        if which == 3:
            bounds = array[:, : rng.integers(array.shape[1])]
            state[3] = np.ascontiguousarray(bounds)
        else:
            state[which] = array[: rng.integers(len(array))]

    def other(state, rng):
        which = int(rng.integers(len(state)))
        odd = [
            None,
            "auto",
            -1,
            1.5,
            (),
            [1],
            np.zeros(3, "U1"),
            np.zeros((2, 2, 2, 2)),
        ]
        state[which] = odd[rng.integers(2 if which == 12 else 0, len(odd))]
        if rng.random() < 0.3:
            del state[which]

    for edit in (index, spans, leaves, sizes, other):
        yield f"{name}: {edit.__name__}", name, edited(edit)


def _neighbour_attacks():
    def codes(held, rng):
        held._y = held._y.copy()
        held._y[rng.integers(len(held._y))] = outside(rng, 0, 3)

    def columns(held, rng):
        held._fit_X = held._fit_X[:, : rng.integers(4)]

    def votes(held, rng):
        held.n_neighbors = outside(rng, len(X), len(X) + 1)
        held.n_neighbors = max(held.n_neighbors, len(X) + 1)

    yield from _balls("k-d")
    yield from _balls("ball")
    yield "brute: votes", "brute", votes
    yield "brute: codes", "brute", codes
    yield "brute: columns", "brute", columns
    yield "outliers: columns", "outliers", columns


def _sparse_attacks():
    def index(held, rng):
        indices = held.indices
        indices[rng.integers(len(indices))] = outside(rng, 0, 1000)

    def ends(held, rng):
        held.indptr[rng.integers(len(held.indptr))] = outside(rng, 0, held.nnz + 1)

    def sizes(held, rng):
        name = str(rng.choice(["data", "indices", "indptr"]))
        array = getattr(held, name)
        setattr(held, name, array[: rng.integers(len(array))])

    def edited(kind, change):
        def edit(held, rng):
            matrix = sparse.random(20, 30, 0.2, "csr", random_state=0).asformat(kind)
            change(matrix, rng)
            held.matrix_ = matrix

        return edit

    for kind in ("csr", "csc"):
        for change in (index, ends, sizes):
            yield f"{kind}: {change.__name__}", "powers", edited(kind, change)


def _set(name, *values):
    def edit(held, rng):
        value = values[rng.integers(len(values))]
        setattr(held, name, value(held, rng) if callable(value) else value)

    return edit


def _words(made, name):
    def edit(held, rng):
        words = dict(getattr(made, name))
        key = list(words)[rng.integers(len(words))]
        words[key] = (
            rng.choice([1.5, 2.5]) if rng.random() < 0.2 else outside(rng, 0, 2)
        )
        held.part_ = copy.copy(made)
        setattr(held.part_, name, words)

    return edit


def _displaced(position):
    generator = np.random.RandomState(0)
    state = generator.get_state(legacy=False)
    state["state"]["pos"] = position
    generator.set_state(state)
    return generator


def _other_attacks():
    texts = CountVectorizer().fit(["late paid"])
    records = DictVectorizer().fit([{"a": 1, "b": 2}])
    labels = pre.MultiLabelBinarizer().fit([["a"], ["b"]])
    labels.transform([["a"]])
    yield "words: texts", "powers", _words(texts, "vocabulary_")
    yield "words: records", "powers", _words(records, "vocabulary_")
    if hasattr(labels, "_cached_dict"):
        yield "words: labels", "powers", _words(labels, "_cached_dict")

    def hashed(held, rng):
        held.part_ = FeatureHasher()
        odd = (0, -1, 2**31, 2**40, -(2**31), 1.5, "8", None)
        held.part_.n_features = odd[rng.integers(len(odd))]

    def position(held, rng):
        held.random_state = _displaced(outside(rng, 0, 625))

    def jobs(held, rng):
        held.n_jobs = int(rng.choice([1, -1])) * int(rng.integers(1025, 10**9))

    def centres(held, rng):
        held.cluster_centers_ = held.cluster_centers_[:, : rng.integers(4)]

    def knots(held, rng):
        spline = held.bsplines_[rng.integers(len(held.bsplines_))]
        kind = rng.integers(4)
        if kind == 0:
            spline.t = spline.t[::-1].copy()
        elif kind == 1:
            spline.t = spline.t[: rng.integers(4)]
        elif kind == 2:
            spline.c = spline.c[: rng.integers(4)]
        else:
            spline.k = outside(rng, 0, 20)

    def scorer(held, rng):
        n = int(rng.integers(1001, 5000))
        held.scoring_ = make_scorer(max, labels=list(range(n)))

    def group(held, rng):
        held.labels_ = held.labels_.copy()
        held.labels_[rng.integers(4)] = outside(rng, 0, 4)

    def member(held, rng):
        one = held.estimators_[rng.integers(2)]
        one.classes_ = one.classes_.copy()
        one.classes_[rng.integers(3)] = outside(rng, 0, 3)

    yield "votes: codes", "votes", member
    yield "hashed", "powers", hashed
    with contextlib.suppress(ValueError):  # numpy 2.5 lets nobody make one
        _displaced(625)
        yield "generator: position", "powers", position
    yield "jobs", "forest", jobs
    yield "scorer: labels", "powers", scorer
    yield "k-means: centres", "k-means", centres
    few = [0, -1, 10**6, 2**31, 1025]
    yield "k-means: threads", "k-means", _set("_n_threads", *few)
    yield "groups", "groups", group
    yield "one-hot: columns", "one-hot", _set("_n_features_outs", [], [0], [-1], [1, 1])
    drops = [np.array([n], dtype=object) for n in (-1, 9, 10**6, -(10**6))]
    yield "one-hot: dropped", "one-hot", _set("_drop_idx_after_grouping", *drops)
    yield "splines: knots", "splines", knots
    yield "splines: columns", "splines", _set("n_features_out_", 10**6, 99, 2**40)
    most = [0, -1, 10**6, 2**40, 3.5]
    for name in ("_n_out_full", "n_output_features_", "_max_degree"):
        yield f"powers: {name}", "powers", _set(name, *most)


ATTACKS = {
    name: (fitted, edit)
    for family in (
        *(_tree_attacks, _histogram_attacks, _machine_attacks, _neighbour_attacks),
        *(_sparse_attacks, _other_attacks),
    )
    for name, fitted, edit in family()
}


def outcome(name, number):
    """Return how a variant is refused, or what becomes of it."""
    fitted, edit = ATTACKS[name]
    held = copy.deepcopy(_packed_form(fitted))
    edit(held, np.random.default_rng([number, *name.encode()]))
    try:
        if number < WRITTEN:
            data = dump(held, lambda *_: "")
            build(data, types_in(data, name), (), name, lambda _: b"")
        else:
            check_structure(substitute(held, unpack))
    except WinduError as error:
        return type(error).__name__
    return f"built ({number})"


def main(names):
    warnings.simplefilter("ignore")
    for name in names or ATTACKS:
        # As written it is built: it is the edit that is refused.
        data = dump(_fitted(ATTACKS[name][0]), lambda *_: "")
        build(data, types_in(data, name), (), name, lambda _: b"")
        came = {outcome(name, number) for number in range(VARIANTS)}
        print(f"{name}: {' '.join(sorted(came))}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
