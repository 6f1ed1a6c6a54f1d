"""Every line of README runs, in order, in an empty folder."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import windu
from windu.persistence import model_card

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
#: The command, of the Python that runs the tests.
WINDU = (sys.executable, "-c", "from windu.cli import main; main()")
#: Setting up takes an environment of its own; CI runs these lines.
SET_UP = ("python3 -m venv", ".venv/bin/")

pytestmark = pytest.mark.slow


def run(*command, cwd):
    """Run a command; its output, if it ended well."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert not done.returncode, (command, done.stderr)
    return done.stdout


def test_every_line(tmp_path):
    """What a line names was made by a line before it."""
    folder, n_commands = tmp_path, 0
    run(*WINDU, "demo", cwd=folder)
    for kind, text in BLOCK.findall(README.read_text(encoding="utf-8")):
        if kind == "python":
            # Only lines that a reader would type: no traceback, nothing left out.
            run(sys.executable, "-c", text, cwd=folder)
            continue
        for line in text.strip().splitlines():
            if line.startswith(SET_UP):
                continue
            name, *arguments = shlex.split(line, comments=True)
            if name == "cd":
                folder = folder / arguments[0]
                continue
            assert name == "windu"
            run(*WINDU, *arguments, cwd=folder)
            n_commands += 1
    assert n_commands == 6
    assert (folder / "report.html").exists()
    assert (folder / "scored.parquet").exists()


@pytest.mark.parametrize("stored", [True, False])
def test_the_load_lines_of_a_card_run(tmp_path, monkeypatch, stored):
    """From the folder that the card was made in, by path and by reference."""
    monkeypatch.chdir(tmp_path)
    est = windu.WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    if stored:
        windu.Metastore("metastore").save(est, "steps")
        shown = run(
            *WINDU,
            *("show", "steps@1", "--card"),
            cwd=tmp_path,
        )
    else:
        shown = model_card(windu.save(est, "steps.windu")).render()
    code = re.search(r"# How to load\n+```python\n(.*?)```", shown, re.DOTALL)[1]
    exec(code, {})
