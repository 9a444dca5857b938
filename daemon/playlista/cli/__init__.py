"""The verbs of the playlista command, in a table."""

import sys

import typer

from playlista.cli.analyze import analyze
from playlista.cli.bench import bench
from playlista.cli.conf import conf
from playlista.cli.demo import demo
from playlista.cli.doctor import doctor
from playlista.cli.explain import explain
from playlista.cli.failures import failures
from playlista.cli.lists import app as lists
from playlista.cli.models import app as models
from playlista.cli.orders import pause, resume
from playlista.cli.roots import app as roots
from playlista.cli.run import run
from playlista.cli.status import status
from playlista.errors import OperatorError, TryAgain

TEMPORARY_FAILURE = 75  # EX_TEMPFAIL: the same command may work later
EARLIER_SPELLING = ("-a", "--analyze")

app = typer.Typer(
    name="playlista",
    help="Listens to your music folders and keeps playlists fresh.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run)
app.command("analyze")(analyze)
app.command("status")(status)
app.command("pause")(pause)
app.command("resume")(resume)
app.command("explain")(explain)
app.add_typer(lists, name="lists")
app.add_typer(roots, name="roots")
app.add_typer(models, name="models")
app.command("failures")(failures)
app.command("doctor")(doctor)
app.command("conf")(conf)
app.command("bench")(bench)
app.command("demo")(demo)


def main() -> None:
    """Run the command line; whatever a person must act on is one line and a status."""
    try:
        app(_earlier_to_verb(sys.argv[1:]))
    except OperatorError as error:
        _leave(str(error), error.exit_status)
    except TryAgain as error:
        _leave(str(error), TEMPORARY_FAILURE)


def _earlier_to_verb(arguments: list[str]) -> list[str]:
    """Accept the earlier playlista's ``-a`` in front of everything for the verb ``analyze``."""
    if arguments and arguments[0] in EARLIER_SPELLING:
        return ["analyze", *arguments[1:]]
    return arguments


def _leave(why: str, exit_status: int) -> None:
    print(f"playlista: {why}", file=sys.stderr)  # noqa: T201 - the command line's own voice
    raise SystemExit(exit_status)
