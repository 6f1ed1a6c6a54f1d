"""The command line: one module per group of commands, errors as one line."""

import os
import re
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import typer

from windu.cli.predict import predict, validate
from windu.cli.runs import cache, export, inspect, report, runs, show, store
from windu.cli.train import demo, schema, search, train

#: The arguments in Python for the options ``--allow`` and ``--trusted``.
_IN_PYTHON = re.compile(r"\b(allow|trusted)=\[('[\w.]+'(?:, '[\w.]+')*)\]")

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    *(
        demo,
        train,
        search,
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
app.add_typer(store, name="store")


@app.callback()
def windu() -> None:
    """Turn a raw table into a validated, safely stored predictor."""
    # Modules of the folder are found, if allowed or trusted; behind what is installed,
    # so that no file that lies there stands for a library.
    sys.path.append(str(Path.cwd()))


def main() -> None:
    """Run a command; an error becomes one line and an exit code of its own."""
    from windu.cli.exit_codes import INTERRUPTED, TERMINATED, UNFORESEEN, code_of
    from windu.exceptions import WinduError, WinduWarning

    shown = warnings.showwarning

    def show(message: Any, category: Any, *place: Any, **more: Any) -> None:
        if issubclass(category, WinduWarning):
            print(f"windu: {message}", file=sys.stderr)
        else:
            shown(message, category, *place, **more)

    warnings.showwarning = show
    # A terminated command leaves no partial files either.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        app()
    except WinduError as error:
        _print(_IN_PYTHON.sub(_as_options, str(error)))
        sys.exit(code_of(error))
    except KeyboardInterrupt:
        _print("stopped.")
        sys.exit(INTERRUPTED)
    except SystemExit as done:
        # typer has caught Ctrl-C already.
        if done.code in (INTERRUPTED, TERMINATED):
            _print("stopped.")
        raise
    except BrokenPipeError:
        # The reader closed the pipe, as in `windu runs | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNFORESEEN)
    except Exception as error:
        if os.environ.get("WINDU_DEBUG"):
            raise
        text = " ".join(str(error).split())
        _print(
            f"unforeseen {type(error).__name__}: {text[:500]} Set WINDU_DEBUG=1 to "
            "see where."
        )
        sys.exit(UNFORESEEN)
    finally:
        warnings.showwarning = shown
        signal.signal(signal.SIGTERM, before)


def _as_options(match: re.Match[str]) -> str:
    names = re.findall(r"[\w.]+", match[2])
    return " ".join(f"--{match[1]} {name}" for name in names)


def _print(message: object) -> None:
    print(f"windu: {message}", file=sys.stderr)
