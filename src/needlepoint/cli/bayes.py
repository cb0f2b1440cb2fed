"""``needlepoint bayes``: a Bayesian meta-analysis of a user's own table."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.own_table import AskedTable, table_options
from needlepoint.cli.page_output import write_figure

if TYPE_CHECKING:
    from needlepoint.bayes.result import Posterior

__all__ = ["command"]


@click.command("bayes")
@table_options
@click.option(
    "--prior-effect", default="flat", show_default=True, help='"normal(0, 2)", "t(0, 0.5, 4)", "flat".'
)
@click.option(
    "--prior-tau", help='"half-normal(0.5)", "half-cauchy(1)", "jeffreys" ...; by measure when not given.'
)
@click.option("--level", default=0.95, show_default=True, help="Probability of the intervals, a fraction.")
@click.option("--interval", default="central", show_default=True, help="central (equal tails) or shortest.")
@click.option("--mods", help='Moderators, as a formula: "~ year + alloc".')
@click.option("--beyond", type=float, help="Smallest effect that matters: how probable is more than that?")
@click.option("--sensitivity", is_flag=True, help="The answer under a strip of priors of tau.")
@click.option(
    "--average",
    is_flag=True,
    help="Average over effect or none, heterogeneity or none, and each moderator or not.",
)
@click.option("--robust", is_flag=True, help="Average over 36 models, publication bias among them.")
@click.option(
    "--favours",
    type=click.Choice(["positive", "negative"]),
    default="positive",
    show_default=True,
    help="Sign of the effects that would be published sooner (for --robust).",
)
@click.option(
    "--critical",
    type=click.Choice(["z", "t"]),
    default="z",
    show_default=True,
    help="Whose p-values select (for --robust): z-tests of yi, or t-tests as in RoBMA 2 and 3.",
)
@click.option(
    "--figure", type=click.Path(dir_okay=False, path_type=Path), help="Prior and posterior: .svg .pdf .png."
)
@json_option
def command(
    asked: AskedTable,
    prior_effect: str,
    prior_tau: str | None,
    level: float,
    interval: str,
    mods: str | None,
    beyond: float | None,
    sensitivity: bool,
    average: bool,
    robust: bool,
    favours: str,
    critical: str,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Posterior of the studies of TABLE: CSV, Excel or Parquet, of arm summaries or of yi and vi."""
    from needlepoint.bayes.api import posterior

    own = asked.read()
    effects = own.effects
    options: dict[str, Any] = {
        "level": level,
        "interval": interval,
        "mods": mods,
    }
    fitted = posterior(effects, prior_effect=prior_effect, prior_tau=prior_tau, **options)
    record: dict[str, Any] = fitted.to_dict() | {"understood": own.understood}
    text = [fitted.summary(), *_evidence(fitted, record)]
    if beyond is not None:
        text += _beyond(fitted, abs(beyond), record)
    if sensitivity:
        text += _strip(effects, prior_effect, options, record)
    if average:
        text += _average(effects, prior_effect, prior_tau, options, record)
    if robust:
        text += _robust(effects, level, favours, critical, record)
    if figure is not None:
        from needlepoint.figures.prior_posterior import prior_posterior

        write_figure(figure, prior_posterior(fitted))
    if as_json:
        echo_json(record)
    else:
        click.echo("\n".join(text))


def _evidence(posterior: Posterior, record: dict[str, Any]) -> list[str]:
    """Bayes factors of what has a proper prior."""
    from needlepoint.bayes.bayes_factors import bayes_factor
    from needlepoint.errors import InputError

    lines: list[str] = []
    for of in ("effect", "heterogeneity"):
        try:
            found = bayes_factor(posterior, of=of)
        except InputError:  # an improper prior: there is none to show
            continue
        finite = math.isfinite(found.bf10)
        record[f"bf_{of}"] = found.bf10 if finite else None
        record[f"log_bf_{of}"] = found.log_bf10
        shown = f"{found.bf10:.4g}" if finite else f"10^{found.log_bf10 / math.log(10.0):.0f}"
        lines.append(f"Bayes factor for {'an' if of == 'effect' else 'any'} {of} {shown}")
    return lines


def _beyond(posterior: Posterior, size: float, record: dict[str, Any]) -> list[str]:
    above, below = posterior.probability(low=size), posterior.probability(high=-size)
    record["beyond"] = {"size": size, "p_above": above, "p_below": below, "p_within": 1.0 - above - below}
    return [f"P(effect > {size:g}) {above:.4f}   P(effect < {-size:g}) {below:.4f}"]


def _strip(effects: Any, prior_effect: str, options: dict[str, Any], record: dict[str, Any]) -> list[str]:
    from needlepoint.bayes.sensitivity import prior_sensitivity

    strip = prior_sensitivity(effects, prior_effect=prior_effect, **options)
    record["sensitivity"] = strip.tidy()
    rows = [
        f"{row.prior_tau:<38} {row.estimate:8.4f}  [{row.ci_low:.4f}, {row.ci_high:.4f}]"
        for row in strip.rows
    ]
    return ["", f"{'prior of tau':<38} {'effect':>8}  interval", *rows, *strip.notes]


def _average(
    effects: Any,
    prior_effect: str,
    prior_tau: str | None,
    options: dict[str, Any],
    record: dict[str, Any],
) -> list[str]:
    """Averages with the priors given where they are proper, with those of standardised differences elsewhere."""
    from needlepoint.bayes.model_averaging import ensemble, robma
    from needlepoint.bayes.moderator_averaging import average_moderators
    from needlepoint.bayes.publication_bias import NoBias

    priors: dict[str, Any] = {} if prior_effect == "flat" else {"effect": prior_effect}
    priors |= {} if prior_tau is None else {"tau": prior_tau}
    if options["mods"] is None:
        averaged: Any = robma(
            effects, level=options["level"], models=ensemble(bias=[(NoBias(), 1.0)], **priors)
        )
    else:
        given: dict[str, Any] = {key: options[key] for key in ("level", "mods")}
        given |= {f"prior_{name}": prior for name, prior in priors.items()}
        averaged = average_moderators(effects, **given)
    record["average"] = averaged.to_dict()
    return ["", averaged.summary()]


def _robust(effects: Any, level: float, favours: str, critical: str, record: dict[str, Any]) -> list[str]:
    from needlepoint.bayes.model_averaging import robma

    averaged = robma(effects, level=level, favours=favours, critical=critical)
    record["robust"] = averaged.to_dict()
    return ["", averaged.summary()]
