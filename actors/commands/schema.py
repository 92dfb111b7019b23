"""`greenroom schema`."""

from __future__ import annotations

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of a line of the log."""
    import msgspec  # noqa: PLC0415 - see the package

    from actors.log.schema import json_schema  # noqa: PLC0415 - see the package

    click.echo(msgspec.json.format(msgspec.json.encode(json_schema())).decode())
