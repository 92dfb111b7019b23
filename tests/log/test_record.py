from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import loguru
import msgspec
import pytest

from actors.config import Secret
from actors.log import Log, to_file
from actors.log.schema import EVENTS, EXCEPTION_FIELDS, FIELDS, LEVELS, STAMPED

if TYPE_CHECKING:
    from loguru import Message

EVENT = "actors.turn.started"


@pytest.fixture
def host() -> Iterator[list[Message]]:
    """A host that wants greenroom's records in a loguru handler of its own."""
    heard: list[Message] = []
    handler = loguru.logger.add(heard.append, format="{message}", level=0, catch=False)
    loguru.logger.enable("actors")
    yield heard
    loguru.logger.disable("actors")
    loguru.logger.remove(handler)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def records(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def test_a_record_is_stamped_and_flat(path: Path) -> None:
    with to_file(path):
        Log(run_id="r", now=lambda: 1738326896.5).emit(EVENT, "Hello", session="s", turn=3, step=None)
    assert records(path) == [
        {
            "timestamp": "2025-01-31T12:34:56.500000Z",
            "level": "INFO",
            "event.name": EVENT,
            "message": "Hello",
            "schema": 1,
            "seq": 1,
            "run.id": "r",
            "process.pid": os.getpid(),
            "gen_ai.conversation.id": "s",
            "session.turn": 3,
        }
    ]


def test_time_is_the_wall_clock_s_by_default_and_always_has_microseconds(path: Path) -> None:
    with to_file(path):
        Log().emit(EVENT, "")
        Log(now=lambda: 1738326896.0).emit(EVENT, "")
    for record in records(path):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record["timestamp"])


def test_each_log_has_a_run_id_of_its_own() -> None:
    assert Log().run_id != Log().run_id


def test_every_field_and_event_and_level_can_be_said(path: Path) -> None:
    with to_file(path, level="TRACE"):
        log = Log()
        for event in sorted(EVENTS):
            log.emit(event, "")
        for level in LEVELS:
            log.emit(EVENT, "", level=level)
        everything: dict[str, Any] = dict.fromkeys(FIELDS, 1)
        log.emit(EVENT, "", **everything)
    said = records(path)
    assert {record["event.name"] for record in said} == EVENTS.keys()
    assert [record["level"] for record in said[-1 - len(LEVELS) : -1]] == list(LEVELS)
    assert set(said[-1]) == {*STAMPED, *FIELDS.values()}


def test_names_are_dotted_lower_case_and_distinct() -> None:
    names = [*STAMPED, *FIELDS.values(), *EXCEPTION_FIELDS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", name) for name in [*names, *EVENTS])


def test_a_name_that_is_not_ours_is_refused_even_when_nobody_listens() -> None:
    log = Log()
    with pytest.raises(TypeError, match="colour, flavour"):
        log.emit(EVENT, "", flavour=1, colour=2, turn=1)
    with pytest.raises(ValueError, match=r"'turn\.started' is not in"):
        log.emit("turn.started", "")
    with pytest.raises(ValueError, match="'info' is not in"):
        log.emit(EVENT, "", level="info")


@pytest.mark.parametrize(
    "text", ["{}", "{0}", "{session}", "{", "}}", "%s", "<red>", "</>", "\\<red>", "a\nb\x1b[0m"]
)
def test_text_is_never_a_format_string(path: Path, host: list[Message], text: str) -> None:
    with to_file(path):
        Log().emit(EVENT, text, session=text, error_type=text)
    assert str(host[0]) == f"{text}\n"
    (record,) = records(path)
    assert (record["message"], record["gen_ai.conversation.id"], record["error.type"]) == (
        text,
        text,
        text,
    )


def test_an_exception_is_told_as_text(path: Path, host: list[Message]) -> None:
    def fail() -> None:
        key = "the-key"
        raise ValueError(f"no such thing as {len(key)}")

    with to_file(path):
        try:
            fail()
        except ValueError as error:
            Log().emit(EVENT, "Failed", exc=error)
        Log().emit(EVENT, "Failed", exc=msgspec.ValidationError("x"))
    first, second = records(path)
    assert first["exception.type"] == "ValueError"
    assert first["exception.message"] == "no such thing as 7"
    assert first["exception.stacktrace"].startswith("Traceback (most recent call last):\n")
    assert "in fail\n" in first["exception.stacktrace"]
    assert second["exception.type"] == "msgspec.ValidationError"
    # With the exception itself, a handler with `diagnose` would print `key`.
    assert "the-key" not in "".join(host)
    assert host[0].record["exception"] is None


def test_an_exception_that_can_t_say_what_it_is_is_still_told(path: Path) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    with to_file(path):
        Log().emit(EVENT, "Failed", exc=MuteError())
    (record,) = records(path)
    assert record["exception.message"] == "<str() failed>"
    assert record["exception.type"].endswith("MuteError")


def test_secrets_and_surrogates_reach_neither_file_nor_host(path: Path, host: list[Message]) -> None:
    with to_file(path):
        Log(run_id="r").emit(
            EVENT, "lone \ud800", session="\udcff", error_type={"key": Secret("abc"), "\udc80": "\ud800"}
        )
        Log(run_id="r").emit(EVENT, "", reason=Secret("abc"))
    first, second = records(path)
    assert first["message"] == "lone \\ud800"
    assert first["gen_ai.conversation.id"] == "\\udcff"
    assert "abc" not in path.read_text()
    assert second["reason"] == "***"
    assert str(host[0]) == "lone \\ud800\n"
    assert "abc" not in f"{host[0].record['extra']}"


def test_a_host_s_handler_gets_the_fields(host: list[Message]) -> None:
    Log(run_id="r").emit(EVENT, "Hello", level="WARNING", session="s")
    (message,) = host
    assert message.record["level"].name == "WARNING"
    assert message.record["name"] == "actors.log.record"
    assert message.record["extra"]["greenroom"]["gen_ai.conversation.id"] == "s"
    assert message.record["extra"]["greenroom"]["run.id"] == "r"


def test_a_file_does_not_make_the_host_s_handlers_talk(path: Path, host: list[Message]) -> None:
    loguru.logger.disable("actors")
    with to_file(path):
        Log().emit(EVENT, "Hello")
    assert host == []
    assert len(records(path)) == 1


def test_a_host_that_removes_its_handlers_does_not_end_the_file(path: Path) -> None:
    # The usual first line of a host that sets up loguru; it needs a process of its own.
    program = f"""
import loguru
from actors.log import Log, to_file
with to_file({str(path)!r}):
    loguru.logger.remove()
    Log().emit({EVENT!r}, "Hello")
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert [record["message"] for record in records(path)] == ["Hello"]


def test_what_the_host_logs_or_binds_is_not_in_the_file(path: Path, host: list[Message]) -> None:
    with to_file(path), loguru.logger.contextualize(session="theirs", greenroom="theirs"):
        loguru.logger.bind(greenroom={"message": "theirs"}).info("theirs")
        Log().emit(EVENT, "ours")
    assert [record["message"] for record in records(path)] == ["ours"]
    assert [message.record["message"] for message in host] == ["theirs", "ours"]


def test_enabled_follows_who_listens(path: Path) -> None:
    log = Log()
    log.emit(EVENT, "")  # loguru looks at a module at its first record
    seen = [log.enabled]
    with to_file(path):
        seen.append(log.enabled)
    seen.append(log.enabled)
    handler = loguru.logger.add(lambda _: None)
    loguru.logger.enable("actors")
    seen.append(log.enabled)
    loguru.logger.disable("actors")
    seen.append(log.enabled)
    loguru.logger.remove(handler)
    assert seen == [False, True, False, True, False]


def test_nothing_is_built_when_nobody_listens() -> None:
    def now() -> float:
        pytest.fail("asked for the time")

    Log().emit(EVENT, "")  # loguru looks at a module at its first record
    Log(now=now).emit(EVENT, "", session="s")
