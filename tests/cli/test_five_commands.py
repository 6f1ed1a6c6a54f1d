"""The page about five commands does what it says."""

import re
import shlex
from pathlib import Path
from textwrap import dedent

import pandas as pd
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "five_commands.rst"
BLOCK = re.compile(r"\.\. code-block:: (\w+)\n\n((?:   .*\n|\n)+)")


def blocks():
    """Return kind and text of each block of code."""
    return [(kind, dedent(text)) for kind, text in BLOCK.findall(PAGE.read_text())]


@pytest.mark.slow
def test_the_page(windu, tmp_path, monkeypatch):
    """Its files are written, its commands run, and the rows are predicted."""
    commands = []
    for kind, text in blocks():
        named = re.match(r"# (\S+)\n", text)
        if named:
            (tmp_path / named[1]).write_text(text)
        elif kind == "python":
            monkeypatch.chdir(tmp_path)
            exec(text, {})
        else:
            commands += text.strip().splitlines()
    assert len(commands) == 5
    said = []
    for command in commands:
        name, *arguments = shlex.split(command)
        assert name == "windu"
        done = windu(*arguments, cwd=tmp_path)
        assert not done.returncode, done.stderr
        said.append(done.stdout)
    assert "Stored" not in said[0]
    assert "Stored as birds@1." in said[1]
    assert "feature_schema.json" in said[2]
    scored = pd.read_parquet(tmp_path / "scored.parquet")
    truth = pd.read_csv(tmp_path / "birds.csv")["species"]
    assert list(scored)[:2] == ["island", "prediction"]
    assert (scored["prediction"] == truth).mean() > 0.95
    assert (tmp_path / "report.html").exists()
    assert not (tmp_path / "bad.csv").exists()


@pytest.mark.parametrize("page", ["five_commands", "pipelines"])
def test_configurations_in_the_guide(page):
    """The JSON schema accepts what the guide shows."""
    import jsonschema

    from windu.config import config_schema
    from windu.config.yaml_text import read_yaml

    text = PAGE.with_name(f"{page}.rst").read_text()
    check = jsonschema.Draft202012Validator(config_schema())
    found = [dedent(text) for kind, text in BLOCK.findall(text) if kind == "yaml"]
    assert found
    for one in found:
        check.validate(read_yaml(one).data)
