"""The same values give the same predictions, or the same refusal, by every way in."""

import tempfile
import warnings
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from tests.conftest import BUCKET
from tests.properties.columns import KINDS, draw_table
from windu import PredictionPipeline, WinduEstimator, predict_file
from windu.estimator.chain import chain_of
from windu.exceptions import DataWarning, SchemaError, WinduWarning
from windu.io.batches import write_table

pytestmark = pytest.mark.filterwarnings("ignore::windu.exceptions.DataWarning")

LAWS = settings(
    deadline=None,
    derandomize=True,
    max_examples=8,
    # A failing table names its kinds already; to shrink it takes minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
N_TRAIN = 90
SUFFIXES = (".csv", ".csv.gz", ".parquet", ".jsonl", ".xlsx")
TABLES = st.tuples(
    st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=6, unique=True),
    st.integers(0, 10**6),
    st.integers(1, 300),
)


def fitted(kinds, seed):
    """Return an estimator that was trained on columns of some kinds."""
    X = draw_table(kinds, seed, N_TRAIN)
    y = np.random.default_rng(seed).integers(0, 2, N_TRAIN)
    return WinduEstimator("decision_tree", random_state=0).fit(X, y)


def outcome(predict):
    """Return predictions, or that the table was refused."""
    try:
        return np.asarray(predict())
    except SchemaError:
        return "refused"


def assert_same(left, right, door):
    """Fail unless two outcomes are equal to the bit."""
    assert type(left) is type(right), (door, left, right)
    if isinstance(left, np.ndarray):
        np.testing.assert_array_equal(left, right, err_msg=door)
    else:
        assert left == right, door


def probabilities(est, source, **options):
    """Return the probabilities of a table, wherever it is."""
    scored = PredictionPipeline(est, **options).run(source)
    return scored.filter(like="probability").to_numpy()


def in_batches(est, path, size):
    """Return the probabilities of a file that is read in batches."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "scored.parquet")
        predict_file(est, path, target, batch_size=size)
        scored = pd.read_parquet(target)
    return scored.filter(like="probability").to_numpy()


MIXTURES = {"floats and texts", "booleans and texts", "integers and texts"}
#: Kinds that a format, or the library that writes it, cannot hold.
NOT_WRITTEN = {
    "Arrow": MIXTURES,
    "polars": MIXTURES,
}
if Version(pl.__version__) < Version("1.36"):
    # It holds neither categories but texts nor the types of pandas.
    NOT_WRITTEN["polars"] = MIXTURES | {
        "category of numbers",
        "category of intervals",
        "intervals",
        "periods",
    }


def can_hold(form, frame):
    """Tell whether a format has a place for all columns."""
    return not NOT_WRITTEN.get(form, set()).intersection(frame.columns)


def converted(convert):
    """Return another form of a table, made by a library that warns of its own ways."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert()


def memory_doors(est, frame):
    """Yield the ways that a table in memory comes in, by name."""
    yield "columns in another order", lambda: est.predict_proba(frame.iloc[:, ::-1])
    records = frame.to_dict("records")
    yield "dicts", lambda: est.predict_proba(records)
    lists = {name: frame[name].tolist() for name in frame}
    yield "dict of lists", lambda: est.predict_proba(lists)
    objects = frame.astype(object)
    yield "objects", lambda: est.predict_proba(objects)
    if can_hold("Arrow", frame):
        table = converted(lambda: pa.Table.from_pandas(frame))
        yield "Arrow", lambda: est.predict_proba(table)
    if can_hold("polars", frame):
        other = converted(lambda: pl.from_pandas(frame))
        yield "polars", lambda: est.predict_proba(other)


def check_memory(kinds, seed, n_rows):
    """Compare all forms of a table in memory."""
    # Some kinds alone give no feature.
    kinds = list(dict.fromkeys([*kinds, "float64"]))
    est = fitted(kinds, seed)
    frame = draw_table(kinds, seed + 1, n_rows)
    expected = outcome(lambda: est.predict_proba(frame))
    for door, predict in memory_doors(est, frame):
        assert_same(expected, outcome(predict), door)
    if isinstance(expected, np.ndarray):
        for row in range(min(n_rows, 5)):
            alone = est.predict_proba(frame.iloc[[row]])
            assert_same(expected[[row]], alone, f"row {row} alone")


def check_files(kinds, seed, n_rows, size):
    """Compare all files that a table can be written to."""
    # A row without any value has no place at the end of an Excel sheet.
    kinds = list(dict.fromkeys([*kinds, "float64"]))
    est = fitted(kinds, seed)
    frame = draw_table(kinds, seed + 1, n_rows)
    expected = outcome(lambda: est.predict_proba(frame))
    with tempfile.TemporaryDirectory() as folder:
        for suffix in SUFFIXES:
            path = Path(folder, f"table{suffix}")
            if not can_hold(suffix, frame):
                continue
            write_table(frame, path)
            sources = {
                "path": path,
                "text": str(path),
                "mapping": {"path": str(path)},
                "list": [str(path)],
                "pattern": str(Path(folder, f"tab*{suffix}")),
                "URL": f"file://{path}",
                "memory": f"memory://doors/{path.name}",
            }
            fsspec.filesystem("memory").pipe(sources["memory"], path.read_bytes())
            for way, source in sources.items():
                got = outcome(lambda source=source: probabilities(est, source))
                assert_same(expected, got, f"{suffix} as {way}")
            got = outcome(lambda path=path: in_batches(est, path, size))
            assert_same(expected, got, f"{suffix} in batches of {size}")
        url = f"sqlite:///{folder}/tables.db"
        if can_hold("sql", frame):
            write_table(frame, {"sql": "new", "url": url})
            got = outcome(lambda: probabilities(est, f"{url}#new"))
            assert_same(expected, got, "SQL")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_in_memory(kind):
    """A column of each kind alone."""
    check_memory([kind], 0, 40)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.slow] if number % 10 else [])
        for number, kind in enumerate(KINDS)
    ],
)
def test_each_kind_in_files(kind):
    """A column of each kind alone."""
    check_files([kind], 0, 40, 7)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_all_kinds_in_a_bucket(suffix, s3, monkeypatch):
    """One table with a column of each kind, by a pattern of files in S3."""
    monkeypatch.setitem(fsspec.config.conf, "s3", s3)
    est = fitted(KINDS, 0)
    frames = [draw_table(KINDS, seed, 30) for seed in (1, 2)]
    for number, frame in enumerate(frames):
        write_table(frame, f"s3://{BUCKET}/doors/{number}{suffix}")
    expected = np.vstack([est.predict_proba(frame) for frame in frames])
    got = probabilities(est, f"s3://{BUCKET}/doors/*{suffix}")
    np.testing.assert_array_equal(expected, got)


@pytest.mark.slow
@LAWS
@given(table=TABLES)
def test_tables_in_memory(table):
    """Several columns, and one to three hundred rows."""
    check_memory(*table)


@pytest.mark.slow
@LAWS
@given(table=TABLES, size=st.integers(1, 200))
def test_tables_in_files(table, size):
    """Several columns, one to three hundred rows, and batches of any size."""
    check_files(*table, size)


@pytest.mark.parametrize("n_classes", [0, 2, 12])
@pytest.mark.parametrize(
    "model", ["boosted_blend", pytest.param("random_forest", marks=pytest.mark.slow)]
)
def test_a_row_is_predicted_as_in_its_table(model, n_classes):
    """Whatever rows come with it: sums are added up in one order."""
    kinds = ["float64", "int64", "texts", "category, ordered", "datetimes"]
    kinds += ["free texts", "many levels", "codes with zeros", "float64, missing"]
    X, new = draw_table(kinds, 0, 300), draw_table(kinds, 1, 30)
    score = X["float64"].rank() + 30 * np.random.default_rng(0).normal(size=300)
    y = pd.qcut(score, n_classes, labels=False) if n_classes else score.astype(float)
    est = WinduEstimator(model, random_state=0).fit(X, y)
    predict = est.predict_proba if n_classes else est.predict
    expected = predict(new)
    for row in range(30):
        for rows in ([row], [row, row], [row, (row + 7) % 30], range(row, 30)):
            np.testing.assert_array_equal(predict(new.iloc[rows])[0], expected[row])


#: Kinds whose rows may take the ordinary way, few or many.
ORDINARY = MIXTURES | {
    *("category of numbers", "category of intervals", "intervals", "periods"),
    *("uint64", "int64 near its end", "long integers, missing", "percent", "amounts"),
    *("date objects", "far dates", "durations", "decimals", "times of day", "lists"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_few_rows_are_as_in_a_table(kind):
    """The compiled chain of few rows has the bits of the ordinary one, or declines."""
    kinds = list(dict.fromkeys([kind, "float64"]))
    est = fitted(kinds, 0)
    compiled = chain_of(est)
    for n_rows in (1, 2, 7, 40):
        frame = draw_table(kinds, n_rows, n_rows)
        matrix = None if compiled is None else compiled.matrix(frame)
        assert matrix is not None or kind in ORDINARY
        if matrix is None:
            continue
        with warnings.catch_warnings():
            # What is told of a table is no clean case.
            warnings.simplefilter("error", WinduWarning)
            np.testing.assert_array_equal(matrix, est._matrix(frame)[0])


def test_unknown_levels_of_few_rows_are_told():
    """Of a table of five rows as of five hundred."""
    X = draw_table(["category", "float64"], 0, N_TRAIN)
    y = np.random.default_rng(0).integers(0, 2, N_TRAIN)
    est = WinduEstimator("decision_tree", random_state=0).fit(X, y)
    new = draw_table(["category", "float64"], 1, 10)
    new["category"] = "none of these"
    with pytest.warns(DataWarning, match="'category'"):
        est.predict(new)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        est.predict(new.head(2))


@pytest.mark.parametrize("form", ["%m/%d/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])
def test_dates_with_offsets_and_without_zeros_stay_quick(form):
    """As of `bird_strikes` and `mpls_search`, among others."""
    days = pd.date_range("2020-01-01", periods=200, freq="31h", tz="UTC")
    texts = days.strftime(form).str.replace(r"\b0(\d[/: ])", r"\1", regex=True)
    X = pd.DataFrame({"when": texts, "x": np.arange(200.0)})
    est = WinduEstimator("decision_tree", random_state=0).fit(X, np.arange(200) % 2)
    compiled = chain_of(est)
    assert compiled is not None
    for rows in (X.iloc[[3]], X.iloc[50:90]):
        np.testing.assert_array_equal(compiled.matrix(rows), est._matrix(rows)[0])
    shifted = X.iloc[:2].assign(when=texts[:2].str.replace("+0000", "+02:00"))
    assert compiled.matrix(shifted) is not None
    np.testing.assert_array_equal(compiled.matrix(shifted), est._matrix(shifted)[0])


@pytest.mark.parametrize("n_rows", [2, 40])
def test_few_rows_lie_in_memory_as_a_table_does(n_rows):
    """A product of matrices rounds by it: a linear model shows every other order."""
    X = draw_table(["float64", "int64", "texts", "category"], 0, N_TRAIN)
    y = np.random.default_rng(0).integers(0, 2, N_TRAIN)
    est = WinduEstimator("linear", random_state=0).fit(X, y)
    new = draw_table(list(X), 1, n_rows)
    matrix, ordinary = chain_of(est).matrix(new), est._matrix(new)[0]
    assert matrix.flags.f_contiguous == ordinary.flags.f_contiguous
    np.testing.assert_array_equal(
        est.predict_proba(new), est.model_.predict_proba(ordinary)
    )
