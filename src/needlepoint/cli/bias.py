"""``needlepoint bias``: small-study effects and publication bias of a user's own table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.own_table import AskedTable, table_options

__all__ = ["command"]


@click.command("bias")
@table_options
@click.option("--method", default="REML", show_default=True, help="Estimator of tau2.")
@click.option(
    "--kind", default="stepfun", show_default=True, help="Selection model: stepfun, beta, halfnorm ..."
)
@click.option(
    "--favours",
    type=click.Choice(["positive", "negative"]),
    help="Which effects are more likely to be published; those of the pooled sign unless told.",
)
@json_option
def command(
    asked: AskedTable,
    method: Any,
    kind: Any,
    favours: Any,
    as_json: bool,
) -> None:
    """Test the studies of TABLE for small-study effects, and show how much they would matter."""
    from needlepoint.pooling.api import pool

    own = asked.read()
    effects = own.effects
    pooled = pool(effects, method=method)
    side = favours or ("positive" if pooled.estimate >= 0 else "negative")
    found, refused = _run(_methods(effects, pooled, kind, side))
    if as_json:
        whole = {name: result.to_dict() for name, result in found.items()}
        whole |= {"pooled": pooled.to_dict(), "refused": refused, "understood": own.understood}
        echo_json(whole)
        return
    from needlepoint.bias.report_line import small_study_line

    lines = [small_study_line(pooled), "", pooled.summary(), *(result.summary() for result in found.values())]
    lines.extend(f"{name}: {why}" for name, why in refused.items())
    click.echo("\n".join(lines))


def _methods(effects: Any, pooled: Any, kind: Any, side: Any) -> dict[str, Callable[[], Any]]:
    from needlepoint.bias.egger import egger
    from needlepoint.bias.limit_meta_analysis import limit_meta_analysis
    from needlepoint.bias.pet_peese import pet_peese
    from needlepoint.bias.rank_test import rank_test
    from needlepoint.bias.selection_model import selection_model
    from needlepoint.bias.selection_sensitivity import selection_sensitivity
    from needlepoint.bias.small_study_effects import small_study_test
    from needlepoint.bias.trim_fill import trim_fill

    tests: dict[str, Callable[[], Any]] = {
        "egger": lambda: egger(pooled),
        "rank_test": lambda: rank_test(pooled),
    }
    if {"ai", "bi", "ci", "di"} <= set(getattr(effects, "raw", {})):
        tests["harbord"] = lambda: small_study_test(effects, test="Harbord")
        tests["peters"] = lambda: small_study_test(effects, test="Peters")
    alternative: Any = "greater" if side == "positive" else "less"
    return tests | {
        "trim_fill": lambda: trim_fill(pooled),
        "pet_peese": lambda: pet_peese(pooled),
        "limit": lambda: limit_meta_analysis(pooled),
        "selection_model": lambda: selection_model(pooled, kind=kind, alternative=alternative),
        "sensitivity": lambda: selection_sensitivity(pooled, favours=side),
    }


def _run(methods: dict[str, Callable[[], Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """What each method finds, and why those that cannot be used refuse."""
    from needlepoint.errors import NeedlepointError

    found: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for name, method in methods.items():
        try:
            found[name] = method()
        except NeedlepointError as error:
            refused[name] = str(error)
    return found, refused
