"""Fuzzing of what lies behind the digests: edited artifacts in runs that fit again.

    python -m tests.persistence.fuzzing --cases 5000 [--seed 1] [--only svm]
        [--first 17]

Each case edits a run, makes its manifest fit, loads it, and predicts. It may be refused
with a `WinduError` at load, raise what wrong arrays raise at predict, or predict. It is
a failure if it crashes or hangs the process, runs something, asks for gigabytes, or
raises another error at load. A case is named by its seed and number; cases run in
processes of their own, which are started anew after a crash.
"""

import argparse
import collections
import contextlib
import faulthandler
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import numpy as np
from joblib import parallel_config

from tests.persistence import fuzz_edits as edits
from tests.persistence.forging import artifacts_of, forged, members_of
from windu.persistence.format.container import pack
from windu.persistence.format.manifest import MANIFEST, digest_of_fields

#: Seconds that one case may take, and bytes that a process may ask for.
SECONDS, MEMORY = 20, 3 * 1024**3
METHODS = (
    "predict",
    "predict_proba",
    "decision_function",
    "transform",
    "score_samples",
)
_FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen")
_FORBIDDEN += ("socket.", "pty.", "ctypes.dlopen", "os.remove", "os.rename", "os.mkdir")


def edited(good, out, rng):
    """Write an edited run, and return what was edited."""
    kind = rng.random()
    data = good.read_bytes()
    if kind < 0.03:
        out.write_bytes(edits.container(data, rng))
        return "container"
    if kind < 0.06:
        out.write_bytes(_with_manifest(data, rng))
        return MANIFEST
    names = [
        name
        for name in artifacts_of(good)
        if name not in ("environment.json", "metrics.json")
    ]
    chosen = []
    for _ in range(1 if rng.random() < 0.8 else 2):
        # Most of what can go wrong is in the parts that are built.
        deep = [name for name in names if not name.endswith(".json")]
        native = [name for name in deep if not name.endswith((".skops", ".parquet"))]
        name = edits.pick(rng, deep if rng.random() < 0.75 else names)
        if native and rng.random() < 0.5:
            name = native[0]
        chosen.append(name)
    forged(good, {name: lambda d, n=name: _edit(n, d, rng) for name in chosen}, out)
    return " ".join(chosen)


def _edit(name, data, rng):
    if name.endswith(".skops"):
        return edits.skops(data, rng)
    if name.endswith(".json"):
        return edits.plain(data, rng)
    if name.endswith(".parquet"):
        return edits.mutated(data, rng)
    return edits.natives(data, rng)


def _with_manifest(data, rng):
    members = members_of(data)
    stated = json.loads(edits.plain(members[MANIFEST], rng))
    if isinstance(stated, dict):
        stated.pop("digest", None)
        signature = stated.pop("signature", None)
        try:
            stated["digest"] = digest_of_fields(stated)
        except ValueError:
            stated["digest"] = "0" * 64
        stated["signature"] = signature
        members[MANIFEST] = (
            json.dumps(stated, sort_keys=True, indent=1).encode() + b"\n"
        )
    return pack(members)


def outcome(path, table):
    """Return what came of loading and predicting, or raise for a failure."""
    from windu import load
    from windu.exceptions import WinduError

    try:
        loaded = load(path)
    except WinduError as error:
        return f"refused: {type(error).__name__}"
    said = "predicted"
    for method in METHODS:
        try:
            found = getattr(loaded, method, None)
            if found is not None:
                found(table)
        except (MemoryError, SystemError):
            raise
        except Exception as error:
            said = f"raised in {method}: {type(error).__name__}"
    return said


def work(folder, seed, first, stop, step, only):
    """Run cases one after the other, and say so before and after each."""
    from tests.persistence.fuzz_models import TABLES

    files = [f for f in sorted(Path(folder).glob("*.windu")) if only in f.name]
    out = Path(folder, f"{os.getpid()}.case")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    # Stacks count as memory that was asked for.
    threading.stack_size(512 * 1024)
    warnings.simplefilter("ignore")
    for good in files:
        # Libraries are imported, and begin, before anything is watched.
        if not outcome(good, TABLES[good.name.partition("-")[0]]) == "predicted":
            raise AssertionError(good)
    # Processes of a model that asks for several are the library's own way.
    parallel_config(backend="threading")
    watched = _watch()
    for number in range(first, stop, step):
        good = files[number % len(files)]
        table = TABLES[good.name.partition("-")[0]]
        with np.errstate(all="ignore"):
            name = edited(good, out, np.random.default_rng([seed, number]))
            print(f"case {number} {good.stem} {name}", flush=True)
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            watched.clear()
            watched.on = True
            try:
                said = outcome(out, table)
            except BaseException as error:
                said = f"failed: {type(error).__name__}: {error}"[:300]
            watched.on = False
            faulthandler.cancel_dump_traceback_later()
        if watched:
            said = f"failed: did {watched[:3]}"
        print(f"-> {said}".replace("\n", " "), flush=True)
    out.unlink(missing_ok=True)


class _Events(list):
    on = False


def _watch():
    """Return a list of the forbidden things that Python does while it is on."""
    events = _Events()

    def hook(event, args):
        if not events.on:
            return
        writes = (
            event == "open" and isinstance(args[1], str) and set(args[1]) & {*"wax+"}
        )
        if writes or event.startswith(_FORBIDDEN):
            events.append(f"{event} {args}"[:200])

    sys.addaudithook(hook)
    return events


def run(folder, seed, first, stop, step=1, only=""):
    """Yield case and outcome of each case, whatever becomes of the processes."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    while first < stop:
        command = [sys.executable, "-m", __name__ if __name__ != "__main__" else _NAME]
        worker = json.dumps([str(folder), seed, first, stop, step, only])
        told, failed, code = _ended([*command, "--worker", worker], env)
        case = None
        for line in told.splitlines():
            if line.startswith("case "):
                case = line[5:]
            elif line.startswith("-> ") and case is not None:
                yield case, line[3:]
                first, case = int(case.split()[0]) + step, None
        if code:
            # The thread that matters is the last that is told.
            thread = failed.rpartition("hread 0x")[2] or failed
            where = " | ".join(line.strip() for line in thread.splitlines()[:9])
            yield str(case), f"failed: exit {code}: {where[:600]}"
            if case is None:
                raise RuntimeError(failed)
            first = int(case.split()[0]) + step


def _ended(command, env):
    """Return what a command said on both streams, and its code; nothing outlives it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # In files: a process that it has started could keep a pipe open.
        process = subprocess.Popen(
            command, stdout=out, stderr=err, env=env, start_new_session=True
        )
        code = process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return *texts, code


_NAME = "tests.persistence.fuzzing"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", default="", help="part of the names of the models")
    parser.add_argument("--folder", help="models that were written before")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(*json.loads(options.worker))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.folder or temporary)
        if not list(folder.glob("*.windu")):
            from tests.persistence.fuzz_models import write

            folder.mkdir(exist_ok=True, parents=True)
            write(folder)
        counts = collections.Counter()
        span = options.seed, options.first, options.first + options.cases
        for case, said in run(folder, *span, only=options.only):
            counts[said.split(":")[0]] += 1
            if said.startswith("failed"):
                print(f"{case}\n    {said}", flush=True)
        print(dict(counts))
        sys.exit(bool(counts["failed"]))


if __name__ == "__main__":
    main()
