"""The command line: the demo does the whole job, errors are one line."""

import subprocess
import sys

import pandas as pd
import pytest

MAIN = "import sys; from windu.cli import main; sys.argv[0] = 'windu'; main()"


def windu(*arguments, cwd):
    """Run the command in a new process."""
    command = [sys.executable, "-c", MAIN, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.mark.slow
def test_demo_trains_stores_and_predicts(tmp_path):
    """It says where everything is and what to type next."""
    done = windu("demo", "--folder", "out", cwd=tmp_path)
    assert not done.returncode, done.stderr
    for words in ("Trained on", "log-loss", "storms.windu", "Next, in Python:"):
        assert words in done.stdout
    scored = pd.read_csv(tmp_path / "out" / "scored.csv")
    assert len(scored) == 100
    assert scored["prediction"].isin(["hurricane", "tropical storm"]).any()


@pytest.mark.slow
def test_errors_are_one_line(tmp_path):
    """No traceback, the exit code of what is stored."""
    (tmp_path / "out").write_text("a file where a folder shall be")
    done = windu("demo", "--folder", "out", cwd=tmp_path)
    assert done.returncode == 5
    assert done.stderr.startswith("windu: ")
    assert done.stderr.count("\n") == 1


def test_unknown_commands_and_no_command(tmp_path):
    """Help, and the exit code of a wrong call."""
    assert windu("dmeo", cwd=tmp_path).returncode == 2
    assert "demo" in windu("--help", cwd=tmp_path).stdout
