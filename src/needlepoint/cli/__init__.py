"""The command line: names -> modules loaded on use; one file a command.

Every command prints text for people, ``--json`` for programs; errors are one line on stderr.
Exit codes: 0 answered, 1 an answered error (the evidence or the method cannot do it), 2 usage or bad input,
3 (`ask` only) words of an emergency in the question.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from needlepoint import __version__

__all__ = ["COMMANDS", "cli", "main"]

# command -> (module:attribute, one line of help); the module is imported when the command runs
COMMANDS: dict[str, tuple[str, str]] = {
    "ask": ("needlepoint.cli.ask:command", "Does this treatment help? The trials' answer."),
    "check": ("needlepoint.cli.check:command", "A page's health claims, judged one by one."),
    "evidence": ("needlepoint.cli.evidence:command", "What the packs hold, with every source."),
    "effects": ("needlepoint.cli.effects:command", "Effect sizes of your own table, 87 measures."),
    "pool": ("needlepoint.cli.pool:command", "A meta-analysis of your own table."),
    "network": ("needlepoint.cli.network:command", "Many treatments of your own table at once."),
    "bias": ("needlepoint.cli.bias:command", "Small-study effects and publication bias of your own table."),
    "diagnose": ("needlepoint.cli.diagnose:command", "Which studies the result of your own table hangs on."),
    "rare": ("needlepoint.cli.rare:command", "Rare events of your own table, by every method."),
    "many": ("needlepoint.cli.many:command", "A meta-analysis for every group of a long table."),
    "bayes": ("needlepoint.cli.bayes:command", "A Bayesian meta-analysis of your own table."),
    "decide": ("needlepoint.cli.decide:command", "Is it worth trying? The options side by side."),
    "diary": ("needlepoint.cli.diary:command", "Is it helping me? A private diary and what it shows."),
    "score": ("needlepoint.cli.score:command", "How am I? Questionnaires scored by their rules."),
    "screen": ("needlepoint.cli.screen:command", "Is it safe for me? Safety questions, emergencies first."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        return getattr(import_module(module), attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name not in COMMANDS and not name.startswith("-"):
            import difflib

            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"No command {name!r}.{hint} Commands: {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not COMMANDS:
            return
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="needlepoint")
def cli() -> None:
    """Does this treatment help with this condition? From randomized trials to an honest answer."""


def main(argv: list[str] | None = None) -> None:
    """Run the command line; needlepoint's own errors become one line and an exit code."""
    from needlepoint.errors import NeedlepointError

    try:
        cli.main(args=argv, prog_name="needlepoint", standalone_mode=True)
    except NeedlepointError as error:
        click.echo(f"needlepoint: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of a pipe has gone: nothing is wrong
        sys.stderr.close()
        sys.exit(0)
