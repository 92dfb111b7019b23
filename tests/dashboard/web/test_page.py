from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from importlib.resources import files

import msgspec
import pytest

from actors.dashboard.web import page
from actors.dashboard.web.board import Frame
from actors.fleet import view

BUILT = page.build()
HTML = BUILT.html.decode()


class Elements(HTMLParser):
    """The elements of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(HTML)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_policy_lets_this_script_and_this_style_run_and_nothing_else() -> None:
    for tag in ("script", "style"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", HTML, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in BUILT.policy
    assert "default-src 'none'" in BUILT.policy
    assert "require-trusted-types-for 'script'" in BUILT.policy
    assert "unsafe" not in BUILT.policy


def test_nothing_is_fetched_from_elsewhere_and_no_element_has_code_or_style_of_its_own() -> None:
    for tag, attributes in Elements().found:
        assert not [
            name for name in attributes if name.startswith("on") or name in {"style", "src", "action"}
        ], tag
        assert attributes.get("href") is None or str(attributes["href"]).startswith("data:")


def test_every_script_is_in_the_page_and_finds_the_elements_that_it_asks_for() -> None:
    here = files(page.__name__)
    assert {it.name for it in here.iterdir() if it.name.endswith(".js")} == set(page.SCRIPTS)
    ids = {attributes["id"] for _, attributes in Elements().found if "id" in attributes}
    asked = set(re.findall(r'(?:byId|whenever)\("([\w-]+)"', HTML))
    assert asked <= ids


def test_text_becomes_text_only() -> None:
    sinks = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|DOMParser|createContextual|srcdoc"
    assert re.findall(sinks, HTML) == []


@pytest.mark.parametrize(
    ("name", "structs"),
    [
        ("frame", [Frame]),
        ("view", [view.View]),
        ("totals", [view.Totals]),
        ("row", [view.SessionRow, view.RetryRow, view.ActorRow, view.ApprovalRow, view.ToolRow]),
        ("run", [view.RunRow]),
        ("notice", [view.Notice]),
        ("timeline", [view.Timeline]),
        ("entry", [view.Entry]),
    ],
)
def test_the_scripts_ask_for_what_there_is(name: str, structs: list[type[msgspec.Struct]]) -> None:
    added = {"before", "number"}  # by the timeline's script
    there = {field for struct in structs for field in struct.__struct_fields__}
    asked = set(re.findall(rf"\b{name}\.([a-z_]+)", HTML))
    assert asked
    assert asked <= there | added
