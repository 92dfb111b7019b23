"""The parts of a page: everything that is said comes out escaped and inert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from actors.plots.style import CSS
from actors.plots.svg import escape


def page(title: str, parts: Iterable[str]) -> str:
    """A whole document."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{CSS}</style></head>\n<body><main>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def section(title: str, parts: Iterable[str]) -> Iterator[str]:
    """A card with a heading."""
    yield f"<section><h2>{escape(title)}</h2>"
    yield from parts
    yield "</section>"


def pairs(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A table of labels, and what is said to each; without a label it is more of what is said above."""
    yield '<div class="wide"><table class="pairs">'
    for label, said in rows:
        look = "" if label else ' class="more"'
        yield f'<tr{look}><th scope="row">{escape(label)}</th><td>{escape(said)}</td></tr>'
    yield "</table></div>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table that scrolls by itself where the screen is narrow."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    yield f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>'
    for first, *rest in rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        yield f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def figure(drawn: str, caption: str) -> Iterator[str]:
    """A drawing that scrolls by itself, and what it shows."""
    yield f'<figure><div class="wide" tabindex="0"><div class="plot">{drawn}</div></div>'
    yield f"<figcaption>{escape(caption)}</figcaption></figure>"
