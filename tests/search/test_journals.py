"""Journals, and the locks that killed processes leave."""

import signal
import subprocess
import sys
import threading
import time

import optuna
import pytest
from optuna.study import StudyDirection

from windu.search.studies import open_storage

#: A process that is killed while it writes.
KILLED = """
import os, signal, sys
from optuna.study import StudyDirection
from windu.search.studies import open_storage

storage = open_storage(sys.argv[1])
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
storage.create_new_study([StudyDirection.MAXIMIZE], "killed")
"""


@pytest.mark.slow
def test_lock_of_a_killed_process_is_taken(tmp_path):
    """After the grace period of optuna's lock, which is a short one."""
    path = tmp_path / "search.journal"
    command = [sys.executable, "-c", KILLED, str(path)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert path.with_name("search.journal.lock").is_symlink()
    storage = open_storage(path)
    start = time.monotonic()
    storage.create_new_study([StudyDirection.MAXIMIZE], "next")
    # optuna's own default is half a minute.
    assert time.monotonic() - start < 20
    names = sorted(study.study_name for study in storage.get_all_studies())
    assert names == ["killed", "next"]
    assert [found.name for found in tmp_path.iterdir()] == ["search.journal"]


def test_many_threads_write_to_one_journal(tmp_path):
    path = tmp_path / "search.journal"
    study = optuna.create_study(storage=open_storage(path), study_name="all")
    writers = [
        threading.Thread(
            target=optuna.load_study(study_name="all", storage=storage).optimize,
            args=(lambda trial: trial.suggest_float("x", 0, 1), 10),
        )
        for storage in (open_storage(path) for _ in range(4))
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(study.trials) == 40
