"""Edited artifacts whose digests fit: no crash, no hang, nothing is run."""

import collections

import pytest

from tests.persistence import fuzzing, test_hostile
from tests.persistence.fuzz_models import write
from windu import WinduEstimator, save
from windu.persistence.format.manifest import Manifest

pytestmark = pytest.mark.slow

CASES, SEED = 2000, 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One saved object of every kind."""
    made = tmp_path_factory.mktemp("models")
    write(made)
    return made


def test_behind_the_digests(folder):
    """2,000 cases are refused, raise what wrong arrays raise, or predict."""
    said = dict(fuzzing.run(folder, SEED, 0, CASES))
    assert len(said) == CASES
    assert {
        case: came for case, came in said.items() if came.startswith("failed")
    } == {}
    counts = collections.Counter(came.partition(" ")[0] for came in said.values())
    # Edits that are always refused, or never seen, would prove nothing.
    assert min(counts["refused:"], counts["raised"], counts["predicted"]) > CASES / 20


@pytest.fixture
def without_digests(monkeypatch):
    """A windu that parses whatever bytes it finds."""
    monkeypatch.setattr(Manifest, "check", lambda *_: None)


@pytest.mark.usefixtures("without_digests")
@pytest.mark.parametrize(
    ("name", "accidents"),
    [
        ("est", test_hostile.test_accidents_in_a_folder),
        ("est.windu", test_hostile.test_accidents_in_a_file),
    ],
)
def test_the_accidents_need_the_digests(name, accidents, tmp_path):
    """A canary: the tests of accidents fail without what they are to prove."""
    est = WinduEstimator("linear", random_state=0).fit(test_hostile.X, test_hostile.Y)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        accidents(0, save(est, tmp_path / name), tmp_path)
