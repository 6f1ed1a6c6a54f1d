"""Fitted structures that were edited: refused before compiled code follows them."""

import os
import subprocess
import sys

import numpy as np
import pytest
import skops.io
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from tests.persistence.attacks import ATTACKS
from windu.exceptions import UntrustedTypesError
from windu.persistence.objects import check_trusted, dump, types_in

FAMILIES = 2


@pytest.mark.slow
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


def test_what_is_built_of_a_state_is_never_built_of_a_file():
    """Compiled code crashes on a state that is none; a file that has one is refused."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    models = [
        KNeighborsClassifier(2, algorithm=kind).fit(X, X[:, 0] > 0)
        for kind in ("kd_tree", "ball_tree")
    ]
    for held in (*models, DecisionTreeClassifier(max_depth=1).fit(X, X[:, 0] > 0)):
        types = types_in(skops.io.dumps(held), "the file")
        with pytest.raises(UntrustedTypesError, match=r"_tree\.\w*Tree"):
            check_trusted(types, (), "the file")
        # As windu writes it, no such type is in the file.
        types = types_in(dump(held, lambda *_: ""), "the file")
        check_trusted(types, (), "the file")
        assert not [one for one in types if "_tree." in one]
