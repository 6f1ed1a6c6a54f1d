"""The command line: one file a command, errors as one clear line."""

import sys

import typer

from windu.cli.demo import demo

app = typer.Typer(
    help="A raw table to a validated, safely stored predictor.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo)


@app.callback()
def _commands() -> None:
    """Keep `demo` a command of its own while it is the only one."""


def main() -> None:
    """Run a command; an error of windu's becomes one line and exit code 1."""
    from windu.exceptions import WinduError

    try:
        app()
    except WinduError as error:
        print(f"windu: {error}", file=sys.stderr)
        sys.exit(1)
