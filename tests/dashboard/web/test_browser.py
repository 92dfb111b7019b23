"""The page in Debian's Chromium, driven by its own driver."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.dashboard.web.asking import log_calls, log_turns
from tests.dashboard.web.dashing import dashboard

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PATIENCE = 60
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="needs Debian's chromium and chromium-driver"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with Chrome(options, ChromeService(str(DRIVER))) as browser:
        yield browser


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@pytest.fixture
def url(path: Path) -> Iterator[str]:
    with dashboard(path) as (_, url):
        yield url


@pytest.fixture(autouse=True)
def _quiet(browser: Chrome) -> Iterator[None]:
    """Nothing on the page breaks its own policy or raises."""
    yield
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    said = [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    assert [line for line in said if "401" not in line and "ERR_" not in line] == []


def until(browser: Chrome, what: Callable[[Chrome], object]) -> None:
    WebDriverWait(browser, PATIENCE, poll_frequency=0.05).until(what)


def rows(browser: Chrome) -> list[str]:
    script = "return [...document.querySelectorAll('#rows td.name')].map((cell) => cell.textContent)"
    return list(browser.execute_script(script))


def link(browser: Chrome) -> str:
    return str(browser.execute_script("return document.getElementById('link').dataset.link"))


def find(browser: Chrome, selector: str) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def press(browser: Chrome, keys: str) -> None:
    browser.switch_to.active_element.send_keys(keys)


def test_rows_appear_as_the_log_grows(browser: Chrome, url: str, path: Path) -> None:
    browser.get(url)
    until(browser, lambda it: link(it) == "live")
    assert rows(browser) == []
    log_turns(path, "ada")
    until(browser, lambda it: rows(it) == ["ada"])
    log_turns(path, "bob")
    until(browser, lambda it: sorted(rows(it)) == ["ada", "bob"])
    assert find(browser, "#states .waiting b").text == "2"


def test_the_token_leaves_the_address_bar_survives_a_reload_and_is_needed(
    browser: Chrome, url: str, path: Path
) -> None:
    log_turns(path, "ada")
    bare, _, token = url.partition("#")
    browser.get(url)
    until(browser, lambda it: rows(it) == ["ada"])
    assert browser.current_url == bare
    browser.refresh()
    until(browser, lambda it: rows(it) == ["ada"])
    browser.switch_to.new_window("tab")  # a tab that has no token
    browser.get(f"{bare}#wrong")
    until(browser, lambda it: find(it, "#gate").is_displayed())
    assert rows(browser) == []
    find(browser, "#token").send_keys(f"{bare}#{token}{Keys.ENTER}")
    until(browser, lambda it: rows(it) == ["ada"])
    assert browser.get_cookies() == []


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """An empty page of another origin."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>elsewhere</title>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Silent(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_: object) -> None:
        pass


ASK = """
    const [url, headers, done] = arguments;
    fetch(url, {headers}).then((answer) => done(answer.status), () => done("refused"));
"""


def test_a_foreign_name_and_a_foreign_page_get_nothing(
    browser: Chrome, url: str, path: Path, elsewhere: str
) -> None:
    log_turns(path, "ada")
    parts = urlsplit(url)
    browser.get(f"http://evil.localhost:{parts.port}/#{parts.fragment}")
    assert "not its name" in find(browser, "body").text
    browser.get(elsewhere)
    for headers in ({}, {"authorization": f"Bearer {parts.fragment}"}):
        answer = browser.execute_async_script(ASK, f"http://127.0.0.1:{parts.port}/events", headers)
        assert answer == "refused"
    complaints = [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    assert len([line for line in complaints if "No 'Access-Control-Allow-Origin' header" in line]) == 2


def test_tools_and_waiting_approvals_have_panels_and_a_place_in_the_timeline(
    browser: Chrome, url: str, path: Path
) -> None:
    log_turns(path, "ada")
    log_calls(path, "ada", "look")
    browser.get(url)
    until(browser, lambda it: rows(it) == ["ada"])
    cells = "return [...document.querySelectorAll('#tools td')].slice(0, 4).map((cell) => cell.textContent)"
    assert browser.execute_script(cells) == ["look", "1", "1", "1"]
    assert find(browser, "#calls .name").text == "crashed"
    assert find(browser, "#approvals .name").text == "ada"
    assert find(browser, "#approvals .note").text == "look, call c3, turn 1"
    assert find(browser, "#rows td.state").text == "approving"
    find(browser, "#rows td.name").click()
    until(browser, lambda it: find(it, "#entries .approving").is_displayed())
    told = "return [...document.querySelectorAll('#entries b')].map((name) => name.textContent)"
    assert browser.execute_script(told) == [
        "turn.started", "tool.started", "tool.started", "tool.failed", "approval.requested",
    ]  # fmt: skip


HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\x00\x1b[31m\u202egnp.exe\u2066&amp;\u2028"
INERT = "<img src=x onerror=alert(1)><script>alert(2)</script>\\x00\\x1b[31m\\u202egnp.exe\\u2066&amp;\\u2028"


def test_text_of_the_log_is_shown_inert_everywhere(browser: Chrome, url: str, path: Path) -> None:
    log_turns(path, HOSTILE, text=HOSTILE)
    log_calls(path, HOSTILE, HOSTILE)
    with path.open("ab") as file:
        file.write(b"no record " + HOSTILE.encode() + b"\n")
    browser.get(url)
    until(browser, lambda it: rows(it) == [INERT])
    find(browser, "#rows td.name").click()
    until(browser, lambda it: find(it, "#entries .waiting").text)
    assert find(browser, "#timeline-name").text == INERT
    assert browser.execute_script("return document.querySelectorAll('img, script').length") == 1
    shown = browser.execute_script("return document.body.innerText + document.getElementById('log').title")
    assert INERT[-30:] in shown
    assert re.findall(r"[\u202e\u2066\u2028\x00\x1b]", shown) == []


def test_it_is_used_by_keyboard_and_a_pointed_at_row_keeps_its_place(
    browser: Chrome, url: str, path: Path
) -> None:
    log_turns(path, "ada", "bob", "cid")
    browser.get(url)
    until(browser, lambda it: rows(it) == ["cid", "bob", "ada"])
    press(browser, "/")
    press(browser, "B")
    until(browser, lambda it: rows(it) == ["bob"])
    press(browser, Keys.ESCAPE)
    until(browser, lambda it: rows(it) == ["cid", "bob", "ada"])
    press(browser, "jj")
    log_turns(path, "ada")
    until(browser, lambda it: "4 records" in find(it, "#log").text)
    assert rows(browser) == ["cid", "bob", "ada"]
    press(browser, Keys.ENTER)
    until(browser, lambda it: find(it, "#timeline-name").text == "bob")
    press(browser, Keys.ESCAPE)
    until(browser, lambda it: not find(it, "#timeline").is_displayed())
    press(browser, "r")
    find(browser, "th.name button").click()
    until(browser, lambda it: find(it, "th.name").get_attribute("aria-sort") == "ascending")
    until(browser, lambda it: rows(it) == ["ada", "bob", "cid"])


def test_a_pause_holds_still(browser: Chrome, url: str, path: Path) -> None:
    log_turns(path, "ada")
    browser.get(url)
    until(browser, lambda it: rows(it) == ["ada"])
    press(browser, "p")
    assert link(browser) == "paused"
    log_turns(path, "bob")
    press(browser, "p")
    until(browser, lambda it: sorted(rows(it)) == ["ada", "bob"])


@pytest.fixture
def port() -> Iterator[str]:
    """A port that nobody else is given, not even while nothing listens on it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield str(held.getsockname()[1])


def test_a_lost_connection_is_said_and_found_again(browser: Chrome, path: Path, port: str) -> None:
    log_turns(path, "ada")
    with dashboard(path, "--port", port) as (_, url):
        browser.get(url)
        until(browser, lambda it: rows(it) == ["ada"])
    until(browser, lambda it: link(it) == "lost")
    assert "Trying again" in find(browser, "#lost").text
    assert rows(browser) == ["ada"]
    with dashboard(path, "--port", port) as (_, new):
        until(browser, lambda it: find(it, "#gate").is_displayed())  # another life, another token
        browser.get(new)
        until(browser, lambda it: link(it) == "live" and rows(it) == ["ada"])


TOO_WIDE = """
    return [...document.querySelectorAll("#timeline, #timeline *")]
        .filter((it) => getComputedStyle(it).display !== "inline" && it.scrollWidth > it.clientWidth + 1)
        .map((it) => it.outerHTML.slice(0, 80));
"""


@pytest.mark.parametrize("width", [390, 800, 1400, 1900])
def test_nothing_has_to_be_scrolled_sideways(browser: Chrome, url: str, path: Path, width: int) -> None:
    log_turns(path, "a" * 300, "one two", text="b" * 3000)
    log_calls(path, "one two", "c" * 300)
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.get(url)
    until(browser, lambda it: len(rows(it)) == 2)
    page = browser.execute_script(
        "const it = document.documentElement; return [it.scrollWidth, it.clientWidth]"
    )
    assert page[0] == page[1] > width - 20
    find(browser, "#rows tr").click()
    until(browser, lambda it: find(it, "#entries li").is_displayed())
    assert browser.execute_script(TOO_WIDE) == []
