"""The page: one document with its style and its scripts in it, and a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Final

import msgspec

SCRIPTS: Final = (
    "dom.js",
    "words.js",
    "charts.js",
    "sessions.js",
    "panels.js",
    "timeline.js",
    "stream.js",
    "main.js",
)
"""In this order: they share one scope."""


class Page(msgspec.Struct, frozen=True):
    """A document and the `Content-Security-Policy` that belongs to it."""

    html: bytes
    policy: str


def build() -> Page:
    """Put the page together."""
    here = files(__name__)
    style = here.joinpath("page.css").read_text("utf-8")
    script = "".join(here.joinpath(name).read_text("utf-8") for name in SCRIPTS)
    html = here.joinpath("page.html").read_text("utf-8")
    for mark, text in (("/* page.css */", style), ("/* scripts */", script)):
        html = html.replace(mark, text)
    return Page(html.encode(), _policy(style, script))


def _policy(style: str, script: str) -> str:
    # Trusted Types take away every way to make markup of text: whatever a log says, it stays text.
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_source(script)}",
            f"style-src {_source(style)}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
