from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from actors.cli import Commands, main
from actors.errors import ConfigError
from actors.log import Log, to_file

COMMAND = [sys.executable, "-c", "from actors.cli import main; main(prog_name='greenroom')"]


def greenroom(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def environment() -> dict[str, str]:
    """What a command finds in a terminal that has colour, whatever the tests run in."""
    plain = {name: value for name, value in os.environ.items() if not name.endswith("COLOR")}
    return plain | {"TERM": "xterm-256color", "COLUMNS": "40", "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with three records."""
    path = tmp_path / "log.jsonl"
    with to_file(path):
        log = Log(now=lambda: 1738326896.789)
        log.emit("actors.turn.started", "Turn started", session="s1", turn=1)
        log.emit(
            "actors.turn.completed", "Turn completed", session="s1", turn=1, outcome="complete", duration=0.5
        )
        log.emit("actors.turn.failed", "Turn\x1b[2J failed", session="s2", turn=7, level="ERROR")
    return path


EXPECTED = (
    "01-31 12:34:56.789  INFO      turn.started             s1            1        Turn started\n"
    "01-31 12:34:56.789  INFO      turn.completed           s1            1        Turn completed"
    "  outcome=complete  duration=0.500s\n"
    "01-31 12:34:56.789  ERROR     turn.failed              s2            7        Turn\\x1b[2J failed\n"
)


def test_tail_shows_a_line_a_record(path: Path) -> None:
    result = greenroom("tail", path)
    assert (result.exit_code, result.output) == (0, EXPECTED)


def test_tail_shows_the_last_records(path: Path) -> None:
    assert greenroom("tail", "-n", "1", path).output == EXPECTED.splitlines(keepends=True)[-1]
    assert greenroom("tail", "-n", "0", path).output == ""


def test_tail_shows_bad_lines_and_goes_on(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"half": \n\xff\x1b[31m\n{"message":"after"}\n{"torn')
    lines = greenroom("tail", path).output.splitlines()
    assert lines[3:5] == ['no record: {"half":', "no record: \\xff\\x1b[31m"]
    assert lines[5].endswith("after")
    assert len(lines) == 6


def test_a_file_that_is_not_there_is_one_line_of_advice(tmp_path: Path) -> None:
    result = greenroom("tail", tmp_path / "no\x1b.jsonl")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "no\\x1b.jsonl is not there" in result.stderr
    assert "-f" in result.stderr


@pytest.mark.parametrize("follow", [(), ("-f",)])
def test_a_folder_is_one_line_of_advice(tmp_path: Path, follow: tuple[str, ...]) -> None:
    result = greenroom("tail", *follow, tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"Error: {tmp_path} is a folder: name a log file in it\n")


def test_a_file_that_can_t_be_read_is_one_line_of_advice(path: Path) -> None:
    result = greenroom("tail", path / "below")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "Not a directory" in result.stderr


def test_version_and_help() -> None:
    assert greenroom("--version").output.startswith("greenroom")
    assert "tail" in greenroom("-h").output


def test_a_command_that_is_misused_says_so_in_one_line_and_one_that_is_interrupted_nothing() -> None:
    group = Commands("greenroom")

    @group.command()
    def misuse() -> None:
        raise ConfigError("Endpoint.model", "must not be empty")

    @group.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert isinstance(group, click.Group)
    result = CliRunner().invoke(group, ["misuse"])
    assert (result.exit_code, result.output) == (2, "Error: Endpoint.model: must not be empty\n")
    result = CliRunner().invoke(group, ["interrupted"])
    assert (result.exit_code, result.output) == (130, "")


@pytest.mark.parametrize("arguments", [["--help"], ["tail", "{path}"]])
def test_the_command_starts_without_the_runtime_s_libraries(path: Path, arguments: list[str]) -> None:
    program = (
        "import sys\nfrom actors.cli import main\n"
        f"main({[argument.format(path=path) for argument in arguments]}, standalone_mode=False)\n"
        "print(sorted({'httpx', 'aiohttp', 'pykka'} & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_a_pipe_gets_no_colour_and_no_wrapping(path: Path, environment: dict[str, str]) -> None:
    done = subprocess.run([*COMMAND, "tail", path], capture_output=True, env=environment, check=True)
    assert done.stdout.decode() == EXPECTED


def test_a_terminal_that_is_not_utf_8_shows_escapes(path: Path, environment: dict[str, str]) -> None:
    with to_file(path):
        Log().emit("actors.turn.started", "naïve")
    ascii_only = environment | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "tail", path], capture_output=True, env=ascii_only, check=True)
    assert done.stdout.endswith(b"na\\xefve\n")


@pytest.mark.parametrize("no_color", [False, True])
def test_a_terminal_gets_colour_unless_it_wants_none(
    path: Path, environment: dict[str, str], no_color: bool
) -> None:
    shown = in_terminal(["tail", str(path)], environment | ({"NO_COLOR": "1"} if no_color else {}))
    assert (b"\x1b[" in shown) is not no_color
    assert b"\x1b[2J" not in shown
    assert b"\\x1b[2J failed" in shown
    assert shown.count(b"\n") == 3  # the terminal is 40 columns wide, and wraps for itself
    if no_color:
        assert shown.decode().replace("\r\n", "\n") == EXPECTED


def in_terminal(arguments: list[str], environment: dict[str, str]) -> bytes:
    ours, theirs = pty.openpty()
    with subprocess.Popen([*COMMAND, *arguments], stdout=theirs, stdin=theirs, env=environment) as process:
        os.close(theirs)
        shown = b"".join(chunks(ours))
        os.close(ours)
    assert process.returncode == 0
    return shown


def chunks(terminal: int) -> Iterator[bytes]:
    # Linux ends a pseudo-terminal whose other side is closed with EIO, others with an empty read.
    try:
        while data := os.read(terminal, 4096):
            yield data
    except OSError:
        return


def test_a_reader_that_goes_away_is_no_error(path: Path, environment: dict[str, str]) -> None:
    path.write_bytes(path.read_bytes() * 5000)  # more than a pipe holds
    with subprocess.Popen(
        [*COMMAND, "tail", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().endswith(b"Turn started\n")
        process.stdout.close()
        assert process.stderr.read() == b""


def test_follow_waits_for_the_file_survives_rotation_and_ends_on_ctrl_c(
    path: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    log = tmp_path / "new.jsonl"
    with subprocess.Popen(
        [*COMMAND, "tail", "-f", log], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == f"waiting for {log}\n".encode()
        lines = path.read_bytes().splitlines(keepends=True)
        log.write_bytes(lines[0])
        assert process.stdout.readline().endswith(b"Turn started\n")
        log.rename(tmp_path / "old.jsonl")
        log.write_bytes(lines[1])
        assert b"Turn completed" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("greenroom ", ["chat", "dash", "lnav", "new", "otel", "report", "run", "schema", "tail", "top"]),
        ("greenroom chat --transport ", ["aiohttp", "httpx"]),
    ],
)
def test_it_completes_in_a_shell(words: str, offered: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_GREENROOM_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
    done = CliRunner().invoke(main, prog_name="greenroom")
    assert done.stdout.split() == [f"plain,{word}" for word in offered]
