"""Journals, and the locks that killed processes leave."""

import logging
import signal
import subprocess
import sys
import threading

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.study import StudyDirection

from windu.search.journals import open_journal

#: A process that is killed while it writes.
KILLED = """
import os, signal, sys
from optuna.study import StudyDirection
from windu.search import journals

os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
journals.open_journal(sys.argv[1]).create_new_study([StudyDirection.MAXIMIZE], "killed")
"""


def names(storage):
    return sorted(study.study_name for study in storage.get_all_studies())


@pytest.mark.slow
def test_lock_of_a_killed_process_is_taken_at_once(tmp_path, caplog):
    path = tmp_path / "search.journal"
    command = [sys.executable, "-c", KILLED, str(path)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert path.with_name("search.journal.lock").is_symlink()
    storage = open_journal(str(path))
    storage.create_new_study([StudyDirection.MAXIMIZE], "next")
    # optuna alone waits for half a minute, and says so after ten seconds.
    assert not [told for told in caplog.records if told.levelno >= logging.WARNING]
    assert names(storage) == ["killed", "next"]
    assert [found.name for found in tmp_path.iterdir()] == ["search.journal"]


def test_lock_of_a_program_that_writes_by_optuna_is_waited_for(tmp_path):
    path = str(tmp_path / "search.journal")
    storage = open_journal(path)
    other = JournalFileSymlinkLock(path)
    other.acquire()
    timer = threading.Timer(0.3, other.release)
    timer.start()
    storage.create_new_study([StudyDirection.MAXIMIZE], "waits")
    assert timer.finished.is_set()
    plain = JournalStorage(JournalFileBackend(path))
    plain.create_new_study([StudyDirection.MAXIMIZE], "plain")
    assert names(storage) == ["plain", "waits"]


def test_lock_that_cannot_be_had_is_given_back(tmp_path, monkeypatch):
    path = str(tmp_path / "search.journal")
    storage = open_journal(path)

    def interrupted(lock):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(JournalFileSymlinkLock, "acquire", interrupted)
        with pytest.raises(KeyboardInterrupt):
            storage.create_new_study([StudyDirection.MAXIMIZE], "interrupted")
    storage.create_new_study([StudyDirection.MAXIMIZE], "next")
    assert names(storage) == ["next"]


def test_file_system_without_locks(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refused(handle, how):
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    storage = open_journal(str(tmp_path / "search.journal"))
    storage.create_new_study([StudyDirection.MAXIMIZE], "plain")
    assert names(storage) == ["plain"]


def test_many_threads_write_to_one_journal(tmp_path):
    path = str(tmp_path / "search.journal")
    study = optuna.create_study(storage=open_journal(path), study_name="all")
    writers = [
        threading.Thread(
            target=optuna.load_study(study_name="all", storage=storage).optimize,
            args=(lambda trial: trial.suggest_float("x", 0, 1), 10),
        )
        for storage in (open_journal(path) for _ in range(4))
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(study.trials) == 40
