"""The command line: one file a command, errors as one clear line."""

import sys
import warnings
from typing import Any

import typer

from windu.cli.cache import cache
from windu.cli.demo import demo
from windu.cli.export import export
from windu.cli.inspect import inspect
from windu.cli.predict import predict
from windu.cli.report import report
from windu.cli.runs import runs, show
from windu.cli.schema import schema
from windu.cli.train import train
from windu.cli.validate import validate

app = typer.Typer(
    help="A raw table to a validated, safely stored predictor.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    *(
        demo,
        train,
        runs,
        show,
        report,
        inspect,
        validate,
        predict,
        export,
        cache,
        schema,
    ),
):
    app.command()(command)


def main() -> None:
    """Run a command; an error of windu's becomes one line and exit code 1."""
    from windu.exceptions import WinduError, WinduWarning

    shown = warnings.showwarning

    def show(message: Any, category: Any, *place: Any, **more: Any) -> None:
        if issubclass(category, WinduWarning):
            print(f"windu: {message}", file=sys.stderr)
        else:
            shown(message, category, *place, **more)

    warnings.showwarning = show
    try:
        app()
    except WinduError as error:
        print(f"windu: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        # As shells say it: 128 and the number of the signal.
        print("windu: stopped.", file=sys.stderr)
        sys.exit(130)
    finally:
        warnings.showwarning = shown
