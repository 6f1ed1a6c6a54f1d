"""Fitted structures that were edited: refused before compiled code follows them."""

import os
import subprocess
import sys

import pytest

from tests.persistence.attacks import ATTACKS

FAMILIES = 2


@pytest.mark.parametrize("family", range(FAMILIES))
def test_every_variant_is_refused(family):
    """100 variants of each attack: a typed error, no crash, no hang."""
    names = sorted(ATTACKS)[family::FAMILIES]
    done = subprocess.run(
        [sys.executable, "-m", "tests.persistence.attacks", *names],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not done.returncode, done.stderr
    assert done.stdout.splitlines() == [f"{name}: IntegrityError" for name in names]


def test_the_attacks_are_many():
    """What has a check is attacked: trees, machines, neighbours, matrices, codes."""
    kinds = {name.partition(":")[0] for name in ATTACKS}
    assert len(ATTACKS) >= 70
    assert {"tree", "levels", "svc", "k-d", "csr", "one-hot", "splines"} <= kinds
