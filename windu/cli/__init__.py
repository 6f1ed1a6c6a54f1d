"""The command line: one file a command, errors as one clear line."""

import sys

import typer

from windu.cli.demo import demo
from windu.cli.inspect import inspect
from windu.cli.predict import predict
from windu.cli.runs import runs, show
from windu.cli.validate import validate

app = typer.Typer(
    help="A raw table to a validated, safely stored predictor.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (demo, runs, show, inspect, validate, predict):
    app.command()(command)


def main() -> None:
    """Run a command; an error of windu's becomes one line and exit code 1."""
    from windu.exceptions import WinduError

    try:
        app()
    except WinduError as error:
        print(f"windu: {error}", file=sys.stderr)
        sys.exit(1)
