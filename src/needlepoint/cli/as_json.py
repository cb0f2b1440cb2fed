"""``--json``: one JSON value on stdout, for programs."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["echo_json", "json_option"]

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


def echo_json(value: Any) -> None:
    """Print a value as JSON: no value is written as null, letters as they are."""
    import json

    from needlepoint.result import jsonable

    click.echo(json.dumps(jsonable(value), ensure_ascii=False, indent=1))
