"""The command line: one entry point, one module for each command, one line for each error.

Exit status: 0 done, 1 findings or violations, 2 bad use or bad input. No traceback reaches a user; with
TREATYGRAPH_DEBUG=1 it is shown after the line.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Final, NoReturn

import click

from api import commands
from api.failures import explain

__all__ = ["main", "treatygraph"]

_BAD_USE: Final = 2
_INTERRUPTED: Final = 130


class _Commands(click.Group):
    """Finds commands by the modules of `api.commands`; a module is read when its command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(module.name for module in iter_modules(commands.__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found = import_module(f"api.commands.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="treatygraph", message="%(prog)s %(version)s")
def treatygraph() -> None:
    """By what authority? The mandates of disarmament meetings and resolutions as a graph."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line (`sys.argv` when no arguments are given) and leave with its exit status."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        status = treatygraph.main(
            list(arguments) if arguments is not None else None, prog_name="treatygraph", standalone_mode=False
        )
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except click.ClickException as error:
        _say(_usage(error))
        return _BAD_USE
    except BrokenPipeError:
        # The reader (`head`, a pager) has enough. Python must not complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        failure = explain(error)
        _say("\n".join(failure.lines))
        if os.environ.get("TREATYGRAPH_DEBUG", "0") not in ("", "0", "false"):
            traceback.print_exception(error)
        return failure.status
    return status if isinstance(status, int) else 0


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "treatygraph"
    message = " ".join(error.format_message().split()).rstrip(".")
    return f"{where}: {message[:1].lower()}{message[1:]}; see {where} --help"


def _say(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
