"""Processes that save at the same time, or are killed while they save.

Run by itself, so that the imports are paid once and no thread is there to be lost
when a process is forked. Prints what happened as JSON.
"""

import json
import os
import signal
import sys
import traceback

from tests.metastore.faults import MODES, Faults, broken_disk
from tests.metastore.raw import load, save
from windu.metastore import Metastore


class Killer(Faults):
    """Kills its own process at the chosen step."""

    def step(self, do, half=None):
        here, self.count = self.count, self.count + 1
        if here == self.at:
            if self.mode == "inside" and half is not None:
                half()
            elif self.mode == "after":
                do()
            os.kill(os.getpid(), signal.SIGKILL)
        return do()


def fork(do):
    """Run something in a new process; return its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        do()
        code = 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def kill_savers(folder, times):
    """Kill a saving process at each of its steps in turn, again and again."""
    store = Metastore(folder)
    save(store, "credit", "good 0", alias="production")
    killed, left = 0, []
    faults = Faults()
    with broken_disk(faults):
        save(store, "credit", "good 1")
    good, i = 2, 0
    while killed < times:
        at, mode = i % faults.count, MODES[i // faults.count % 3]

        def save_and_die(at=at, mode=mode, i=i):
            with broken_disk(Killer(at, mode)):
                save(Metastore(folder), "credit", f"torn {i}")

        # A save that finds its folders made has fewer steps, and may live.
        _, status = os.waitpid(fork(save_and_die), 0)
        killed += os.WIFSIGNALED(status)
        i += 1
        reader = Metastore(folder)
        assert load(reader, "credit@production") == "good 0"
        assert load(reader, "credit").split()[0] in ("good", "torn")
        if i % 10 == 0:
            texts = [load(reader, one) for one in reader.runs("credit")["reference"]]
            expected = [f"good {k}" for k in reversed(range(good))]
            assert [one for one in texts if one.startswith("good")] == expected
            left.append(len(reader.gc(older_than="0s")))
            assert reader.gc(older_than="0s").empty
            assert load(reader, save(reader, "credit", f"good {good}").reference)
            good += 1
    reader = Metastore(folder)
    assert reader.verify().empty
    return {"killed": killed, "left": sum(left), "good": good}


def save_together(url, options, processes, times):
    """Let processes save to one name at the same time; return what each was given."""

    def one(number, write):
        store = Metastore(url, storage_options=options)
        got = []
        for i in range(times):
            got.append(save(store, "credit", f"{number} {i}").version)
        os.write(write, json.dumps([number, got]).encode() + b"\n")

    return {"versions": together(one, processes)}


def claim_together(url, options, processes, times):
    """Let processes claim the same keys; return the winners of each."""

    def one(number, write):
        target = Metastore(url, storage_options=options)._copies.first
        won = []
        for i in range(times):
            try:
                target.create(f"names/claims/{i + 1}.json", b"%d" % number)
            except FileExistsError:
                continue
            won.append(i)
        os.write(write, json.dumps([number, won]).encode() + b"\n")

    return {"won": together(one, processes)}


def together(one, processes):
    """Run the same in several processes; return what each reported."""
    read, write = os.pipe()
    children = [fork(lambda n=n: one(n, write)) for n in range(processes)]
    os.close(write)
    with os.fdopen(read) as reports:
        lines = reports.read().splitlines()
    codes = [os.waitpid(child, 0)[1] for child in children]
    assert codes == [0] * processes, codes
    return dict(map(json.loads, lines))


if __name__ == "__main__":
    what, arguments = sys.argv[1], json.loads(sys.argv[2])
    print(json.dumps(globals()[what](*arguments)))
