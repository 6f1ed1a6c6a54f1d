"""Other versions at load: the example must be predicted as it was."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.conftest import make_ugly
from tests.persistence.forging import artifacts_of, forged
from windu import WinduEstimator, load, save
from windu.exceptions import IntegrityError, VersionError, WinduWarning
from windu.persistence.format.container import pack
from windu.persistence.format.manifest import MANIFEST, Manifest, changed, versions
from windu.persistence.format.runs import open_path
from windu.persistence.replay import differences, expected

X, Y = make_ugly()
OLDER = versions() | {"scikit-learn": "1.7.2"}
LABELS = pd.DataFrame({"good": Y == "good", "flag": X["flag"]})
CASES = {
    "binary": (WinduEstimator("linear"), Y),
    "without probabilities": (WinduEstimator("LinearSVC"), Y),
    "regression": (WinduEstimator("linear"), X["visits"] * 1.5),
    "several outputs": (WinduEstimator("linear"), X[["visits", "visits"]] * 1.5),
    "labels": (WinduEstimator("linear"), LABELS),
    "lists": (
        WinduEstimator("linear"),
        [
            ["a"] * int(flag) + ["b"] * int(n > 3)
            for flag, n in X[["flag", "visits"]].values
        ],
    ),
    "dates": (WinduEstimator("linear"), pd.Series(X["when"].dt.month % 2)),
    "features": (WinduEstimator(None), None),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A run of this version."""
    est = WinduEstimator("linear").fit(X, Y)
    return save(est, tmp_path_factory.mktemp("saved") / "est.windu")


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_other_versions_that_predict_the_same(name, tmp_path):
    """One message that names the versions, for every task."""
    est, y = CASES[name]
    path = save(est.fit(X, y), tmp_path / "est.windu")
    forged(path, {}, versions=OLDER)
    now = versions()["scikit-learn"]
    with pytest.warns(WinduWarning, match="saved with other versions") as caught:
        load(path)
    assert [str(w.message) for w in caught] == [
        f"The file {str(path)!r} was saved with other versions: scikit-learn {now} "
        "(was 1.7.2). Its predictions on the stored example are the same."
    ]


def moved(stored):
    """Return predictions of which one probability is another."""
    said = json.loads(stored)
    said["predict_proba"][3][0] += 1e-6
    return json.dumps(said).encode()


def test_other_versions_that_predict_otherwise(saved, tmp_path):
    """Refused with the versions and the differences."""
    path = forged(
        saved, {"expected.json": moved}, tmp_path / "bad.windu", versions=OLDER
    )
    with pytest.raises(VersionError, match=r"(?s)1 values differ.*1.7.2") as caught:
        load(path)
    found = caught.value.differences
    assert found[["method", "row", "column"]].values.tolist() == [
        ["predict_proba", 3, 0]
    ]
    np.testing.assert_allclose(found["difference"], 1e-6, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "n"),
    [
        (lambda said: said["predict"][0].__setitem__(0, "other"), 1),
        (lambda said: said["predict"].pop(), 1),
        (lambda said: said["predict"].append(["good"]), 1),
        (lambda said: said["predict_proba"][1].pop(), 1),
        (lambda said: said["predict_proba"][1].__setitem__(0, None), 1),
        (lambda said: said["predict_proba"][1].__setitem__(0, "0.5"), 1),
        (lambda said: said.pop("predict"), 20),
        (lambda said: said.update(transform=[[1.0]]), 1),
    ],
)
def test_every_kind_of_difference_is_seen(change, n):
    """Labels, rows, columns, types, methods."""
    now = {"predict": [["good"]] * 20, "predict_proba": [[0.5, 0.5]] * 20}
    then = json.loads(json.dumps(now))
    change(then)
    assert len(differences(then, now)) == n


def test_what_is_within_the_tolerance():
    """1e-9, relative above 1; equal infinities and missing values."""
    then = {"predict": [[1.0], [1e6], [None], [float("inf")], [True], [3]]}
    now = {"predict": [[1 + 5e-10], [1e6 + 5e-4], [None], [float("inf")], [True], [3]]}
    assert differences(then, now).empty
    assert len(differences(then, {"predict": [[2.0]] * 6})) == 6


def test_what_cannot_predict_any_more(saved, tmp_path, monkeypatch):
    """Names the versions to install, not a traceback of another library."""
    path = forged(saved, {}, tmp_path / "est.windu", versions=OLDER)

    def broken(*_):
        raise AttributeError("no attribute 'multi_class'")

    monkeypatch.setattr(WinduEstimator, "predict_proba", broken)
    with pytest.raises(VersionError, match=r"(?s)'multi_class'.*scikit-learn.*1.7.2"):
        load(path)


@pytest.mark.parametrize("version", ["", "garbage", "1..2", "1.8\n", "٣.1", 1.8, None])
def test_versions_that_are_none(version, saved, tmp_path):
    """Refused at load, whatever the digest says."""
    run = open_path(saved)
    made = artifacts_of(saved)
    stated = Manifest.of(made, versions()).model_dump()
    stated["versions"] = OLDER | {"scikit-learn": version}
    made[MANIFEST] = with_digest(stated)
    path = tmp_path / "bad.windu"
    path.write_bytes(pack(made))
    with pytest.raises(IntegrityError, match=r"versions.scikit-learn"):
        load(path)
    assert run.manifest.versions == versions()


def with_digest(stated):
    """Return a manifest as text whose digest fits."""
    import hashlib

    bare = {k: v for k, v in stated.items() if k not in ("digest", "signature")}
    text = json.dumps(bare, sort_keys=True)
    stated = bare | {
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "signature": None,
    }
    return (json.dumps(stated, sort_keys=True, indent=1) + "\n").encode()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"format": 2, "new": 1}, VersionError, "must be of format 1 at most. Got 2"),
        ({"format": 0}, IntegrityError, "its format is 0"),
        ({"format": "1"}, IntegrityError, "format"),
        ({"trusted": ["os.system"]}, None, ""),
        ({"artifacts": {}}, IntegrityError, "must hold just the artifacts"),
        (
            {"artifacts": {"../x": {"bytes": 0, "sha256": "0" * 64}}},
            IntegrityError,
            "x",
        ),
        (
            {"artifacts": {"a.exe": {"bytes": 0, "sha256": "0" * 64}}},
            IntegrityError,
            "artifacts that windu knows. Got 'a.exe'",
        ),
        (
            {"artifacts": {"schema.json": {"bytes": 2**40, "sha256": "0" * 64}}},
            IntegrityError,
            "at most 2147483648 bytes",
        ),
        ({"lineage": {"a": {"b": [[[[[[]]]]]] * 3}}}, None, ""),
    ],
)
def test_manifests_of_others(change, error, message, saved, tmp_path):
    """A newer format, and names that lead elsewhere; keys that are new say nothing."""
    made = artifacts_of(saved)
    made[MANIFEST] = with_digest(Manifest.of(made, versions()).model_dump() | change)
    path = tmp_path / "bad.windu"
    path.write_bytes(pack(made))
    if error is None:
        assert load(path).task_ == "binary"
        return
    with pytest.raises(error, match=message):
        load(path)


def test_changed_names_the_packages():
    """Both versions, and what is not imported."""
    assert changed(versions()) == {}
    assert changed({"numpy": "0.1", "no_such_package": "1.0"}) == {
        "numpy": ("0.1", np.__version__),
        "no_such_package": ("1.0", "none"),
    }


@pytest.mark.slow
def test_expected_is_plain():
    """Through JSON and back it is the same."""
    for est, y in CASES.values():
        said = expected(est.fit(X, y))
        assert json.loads(json.dumps(said)) == said
        assert all(len(rows) == 20 for rows in said.values())
