"""Real processes: killed while they save, and saving at the same time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.metastore.raw import load
from windu.metastore import Metastore

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not hasattr(os, "fork"), reason="processes are forked, which Windows cannot"
    ),
]
ROOT = Path(__file__).parents[2]


def forks(what, *arguments):
    """Run a function of forks.py in a process of its own; return what it returns."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.metastore.forks", what, json.dumps(arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_hundred_kills(tmp_path):
    """The last good run always loads, none is mixed, the torn ones are invisible."""
    done = forks("kill_savers", str(tmp_path / "store"), 200)
    assert done["killed"] == 200
    assert done["left"] > 50
    assert done["good"] >= 22


@pytest.mark.parametrize(
    ("kind", "times"), [("local", 20), ("zip", 3), ("s3", 3)], ids=str
)
def test_eight_processes_save_to_one_name(kind, times, place):
    """Each save gets a version of its own, and no run is torn or lost."""
    url, options = place(kind)
    versions = forks("save_together", url, options, 8, times)["versions"]
    given = sorted(version for got in versions.values() for version in got)
    assert given == list(range(1, 8 * times + 1))
    store = Metastore(url, storage_options=options)
    for number, got in versions.items():
        for i, version in enumerate(got):
            assert load(store, f"credit@{version}") == f"{number} {i}"
    assert store.gc(older_than="0s").empty
    assert len(store.runs()) == 8 * times


@pytest.mark.parametrize(("kind", "times"), [("local", 200), ("s3", 50)], ids=str)
def test_eight_processes_claim_the_same(kind, times, place):
    """Of eight writers of a key, one wins, each time."""
    url, options = place(kind)
    won = forks("claim_together", url, options, 8, times)["won"]
    assert sorted(i for mine in won.values() for i in mine) == list(range(times))
    target = Metastore(url, storage_options=options)._copies.first
    for number, mine in won.items():
        for i in mine[:20]:
            key = f"names/claims/{i + 1}.json"
            assert target.read(key, 100) == number.encode()
