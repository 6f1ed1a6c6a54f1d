"""Files of pipelines that want to run something: refused before anything happens."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.config.test_hostile import TARGETS
from windu import PredictionPipeline, TrainingPipeline
from windu.exceptions import ConfigError

ROOT = Path(__file__).parents[2]

CODE = """
import json, sys
from windu import PredictionPipeline, TrainingPipeline
from windu.exceptions import ConfigError

# What a reader uses itself is there before the count starts.
TrainingPipeline.from_yaml("{data: a.csv, estimator: {model: {SVC: {}}}}")
PredictionPipeline.from_yaml("run: a")
cases = json.load(sys.stdin)
events, seen, passed = [], set(sys.modules), []
watched = ("import", "exec", "compile", "open", "os.", "subprocess.", "socket.")
sys.addaudithook(lambda name, args: name.startswith(watched) and events.append(name))
for text in cases:
    for reader in (TrainingPipeline, PredictionPipeline):
        try:
            reader.from_yaml(text)
        except ConfigError:
            continue
        passed.append(text)
told = {"passed": passed, "events": events[:], "new": sorted({*sys.modules} - seen)}
open(__import__("os").devnull).close()
told["canary"] = len(events) > len(told["events"])
print(json.dumps(told))
"""

PLACES = [
    "data: {0}\n",
    "data: a.csv\npreprocess: {0}\n",
    "data: a.csv\npreprocess: [drop_duplicates, {0}]\n",
    "data: a.csv\nsplit: {{files: {{test: {0}}}}}\n",
    "data: a.csv\nmetastore: {0}\n",
    "data: a.csv\nestimator: {{model: {0}}}\n",
    "data: a.csv\nestimator: {{transformer: {{from: {0}}}}}\n",
    "run: {0}\n",
]
#: What YAML itself would make, bombs, and keys that nobody may say.
TEXTS = [
    *('!!python/object/apply:os.system ["true"]', "!!python/name:os.system"),
    *("!!python/module:os", "!!python/object/new:os.system [true]", "!os system"),
    "!!python/object/apply:builtins.exec [x]",
]
_KEYS = "abcdefghi"
WHOLE = [
    "data: " + "[" * 5_000 + "]" * 5_000,
    "data: " + "{a: " * 90 + "1" + "}" * 90,
    "a: &a [x, x]\n"
    + "".join(f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]\n" for b, c in pairwise(_KEYS)),
    "data: &a [*a]",
    "data: a.csv\ntrusted: [os.system]",
    "data: a.csv\nallow: [os]",
    "run: a\ntrusted: [os.system]",
    "data: a.csv\ndata: b.csv",
    "<<: {data: a.csv}\nnone: 1",
    "data: {path: a.csv, target: x\n" * 3,
    "data: " + "x" * 1_100_000,
]


@pytest.mark.slow
def test_nothing_is_imported():
    """No section takes a name that is not allowed, a tag, a bomb, or trust."""
    uses = [json.dumps({"use": target}) for target in TARGETS[:40]]
    cases = [place.format(one) for one in uses + TEXTS for place in PLACES]
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        input=json.dumps(cases + WHOLE),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"passed": [], "events": [], "new": [], "canary": True}


def test_a_large_file(tmp_path):
    """100 MB of aliases are not even read to their end."""
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.write(b"a: &a [x]\nb: [\n")
        file.seek(100_000_000)
        file.write(b"*a]\n")
    for reader in (TrainingPipeline, PredictionPipeline):
        with pytest.raises(ConfigError, match="at most 1000000 bytes"):
            reader.from_yaml(path)


@pytest.mark.parametrize(
    "value", ["!!python/name:os.system", "{use: 'os:system'}", "[" * 900]
)
def test_what_is_set(value):
    """Changes are read as the file is."""
    with pytest.raises(ConfigError):
        TrainingPipeline.from_yaml("data: a.csv", changes={"estimator.model": value})
