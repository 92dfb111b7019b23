"""`greenroom schema` and `greenroom lnav`: what other tools need to know to read the log."""

from __future__ import annotations

from typing import Any

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of a line of the log."""
    from actors.log.schema import json_schema  # noqa: PLC0415 - see the package

    _print(json_schema())


@click.command()
def lnav() -> None:
    """Print the log's format for lnav: put it into a file NAME.json, and lnav -i NAME.json installs it."""
    from actors.log.lnav import lnav_format  # noqa: PLC0415 - see the package

    _print(lnav_format())


def _print(document: dict[str, Any]) -> None:
    import msgspec  # noqa: PLC0415 - see the package

    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
