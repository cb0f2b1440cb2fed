"""What every column of a pack means: one text, shown in the guide and written into a new pack."""

from __future__ import annotations

from functools import cache

from needlepoint.evidence.tables import TABLES

__all__ = ["column_guide", "columns_of"]

_FILES = {
    "sources.csv": "Where every row was read.",
    "instruments.csv": "Outcome scales.",
    "trials.csv": "Randomized trials.",
    "arms.csv": "The arms of each trial.",
    "measurements.csv": "One arm's summary of one outcome at one time.",
    "contrasts.csv": "A printed difference between two arms, where the arms themselves are not printed.",
    "published.csv": "Pooled results of others; always shown as theirs. Where several may lead, the first speaks.",
    "harms.csv": "Rates of unwanted events.",
    "guidelines.csv": "What bodies recommend.",
    "risk_of_bias.csv": "Judgements that reviews printed.",
    "facts.csv": "Other sourced numbers: natural course, prevalence, cost, dose, minimal change.",
    "judgements.csv": "Certainty domains judged by a person for one cell; they beat the rule. Empty parts mean any.",
}

# a column that means the same everywhere is told once
_SHARED = {
    "id": "short name, used by the other files",
    "source": "id of sources.csv",
    "note": "what a reader should know",
    "trial": "id of trials.csv",
    "outcome": "id of an outcome in terms.toml",
    "instrument": "id of instruments.csv",
    "window": "id of a window in pack.toml",
    "weeks": "weeks from randomization, if printed",
    "condition": "id of a condition in terms.toml",
    "population": "id of a population in terms.toml",
    "treatment": "id of a treatment (or comparator) in terms.toml",
    "comparator": "id of a comparator (or treatment) in terms.toml",
    "ci_low": "lower end of the 95% interval",
    "ci_high": "upper end of the 95% interval",
    "se": "standard error",
    "year": "year of publication",
    "use": 'main, sensitivity (kept out of the main analysis) or never; a cell has one "main" row',
    "why": "why the row is not in the main analysis, or what weakens it",
    "derived": "how a value was computed, if it is not as printed",
    "statement": "in your own words",
}

_OWN = {
    "sources.csv": {
        "citation": "authors, title or short title, journal, year",
        "url": "address of what was read",
        "kind": "abstract, full text, registry, review table, data set, guideline, authority, secondary or mirror",
        "doi": "without https://doi.org/",
        "pmid": "PubMed number",
    },
    "instruments.csv": {
        "label": "as a table shows it",
        "low": "lowest score; empty if there is none",
        "high": "highest score; empty if there is none",
        "better": "which end is better: lower or higher",
        "mic": "minimal important change for one person, in the instrument's units",
        "reference_sd": "SD used to show a standardized difference in these units",
        "source": "id of sources.csv, for the mic",
        "sd_source": "id of sources.csv, for the reference SD",
    },
    "trials.csv": {
        "citation": "authors, title, journal, year",
        "country": "where it was done",
        "n_randomized": "patients randomized",
        "randomization": "randomized or quasi-randomized",
        "sessions": "number of sessions, as printed",
        "weeks": "weeks of treatment, as printed",
        "needles": "details of the treatment, as printed",
        "flags": "names of [flags] in pack.toml, separated by semicolons",
    },
    "arms.csv": {
        "id": "short name, unique in the trial",
        "label": "the trial's own words",
        "n": "patients assigned",
        "sham_kind": "penetrating, non-penetrating, mock device, placebo drug or hands-on; empty if not stated",
    },
    "measurements.csv": {
        "arm": "id of the arm",
        "metric": "mean (final score), change (from baseline), median, events or percent",
        "n": "patients measured",
        "mean": "mean, change or median",
        "sd": "standard deviation",
        "events": "patients with the event",
    },
    "contrasts.csv": {
        "arm": "id of the first arm",
        "comparator": "id of the arm that is subtracted",
        "metric": "MD, SMD, RR, OR, RD (a fraction), HR or median difference",
        "estimate": "first arm minus comparator, in the instrument's units",
        "p": "exact p-value, used where there is no interval",
        "n_arm": "patients of the first arm",
        "n_comparator": "patients of the comparator",
    },
    "published.csv": {
        "review": "short name shown beside the number",
        "kind": "systematic review, ipd meta-analysis, network meta-analysis, health agency or trial",
        "window": "id of a window in pack.toml; empty if the review gives none",
        "timepoint": "the review's own words for the time",
        "k": "studies",
        "n": "patients",
        "metric": "MD, SMD, RR, OR, ... or narrative (then only the statement counts)",
        "unit": "such as 0-100, SD, RMDQ 0-24",
        "better": "lower or higher: which direction of the outcome is better",
        "estimate": "treatment minus comparator",
        "i2": "a fraction",
        "certainty": "as the review says: high, moderate, low, very low or not judged",
        "role": "lead (may answer a cell that our trials cannot), support, history or check",
    },
    "harms.csv": {
        "what": "the event",
        "serious": "true or false",
        "events": "number with the event",
        "denominator": "number at risk",
        "per": "patients, treatments or reports",
        "rate": "a fraction of the denominator",
        "design": "kind of study",
        "lead": "true if shown first",
    },
    "guidelines.csv": {
        "issuer": "the body",
        "country": "where it holds",
        "position": "for, against, conditional or no position",
        "strength": "as the body says",
        "reason": "why, and what it was judged against",
        "status": "current, superseded, lapsed or unknown",
        "superseded_by": "id of the guideline that came after",
    },
    "risk_of_bias.csv": {
        "domain": "such as allocation concealment",
        "judgement": "low, some concerns, unclear or high",
        "judged_by": "the review",
    },
    "facts.csv": {
        "topic": "such as natural course",
        "value": "the number",
        "low": "lower end",
        "high": "upper end",
        "unit": "unit of the number",
        "population": "of whom it is true",
    },
    "judgements.csv": {
        "domain": "risk of bias, inconsistency, indirectness, imprecision or publication bias",
        "levels": "levels down: 0, 1 or 2",
        "reason": "why",
        "judged_by": "who judged",
    },
}


@cache
def columns_of(file: str) -> dict[str, str]:
    """Column -> meaning, of one file."""
    table = next(t for t in TABLES if t.file == file)
    own = _OWN[file]
    return {c: own.get(c) or _SHARED[c] for c in table.columns}


def column_guide() -> str:
    """Every file and column, as Markdown."""
    parts: list[str] = []
    for table in TABLES:
        lines = [f"### {table.file}", "", _FILES[table.file], "", "| column | meaning |", "| --- | --- |"]
        for column, meaning in columns_of(table.file).items():
            optional = "" if column in table.required else " (may be left out)"
            lines.append(f"| `{column}` | {meaning}{optional} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
