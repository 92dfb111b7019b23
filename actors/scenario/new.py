"""`greenroom new scenario NAME`: a starting point that runs as it is."""

from __future__ import annotations

import keyword
from importlib import resources
from pathlib import Path

import click

from actors.errors import UsageError

FOLDER = Path("scenarios")
"""Where a scenario goes whose name says nothing of a folder."""


@click.group()
def new() -> None:
    """Write a starting point."""


@new.command("scenario")
@click.argument("name")
def new_scenario(name: str) -> None:
    """Write a commented scenario that runs as it is: scenarios/NAME.py, or the file that NAME says."""
    path = _place(name)
    source = resources.files("actors.scenario").joinpath("starter.py").read_text("utf-8")
    source = source.replace("FILE", str(path)).replace("starter", path.stem)
    source = source.replace("Starter", path.stem.replace("_", " ").capitalize())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(source)
    except FileExistsError:
        raise UsageError(f"{path} is there already: choose another name, or move it away") from None
    except OSError as error:
        raise UsageError(f"{path} can't be written ({error.strerror}): choose another place") from None
    click.echo(f"wrote {path}; now run it, then make it yours:")
    click.echo(f"  greenroom run {path}")
    click.echo(f"  greenroom run {path} --mode sim --seeds 1..100")


def _place(name: str) -> Path:
    path = Path(name if name.endswith(".py") else f"{name}.py")
    if not path.stem.isidentifier() or keyword.iskeyword(path.stem):
        raise UsageError(
            f"{path.stem!r} is no name for a function: use letters, digits and _, as in late_night"
        )
    return FOLDER / path if path.parent == Path() else path
