from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from actors.cli import main
from actors.dashboard.top.app import Top
from actors.dashboard.top.source import Live
from actors.log.format import inert


def complaint(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, ["top", *map(str, arguments)])
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr


def test_without_the_extra_it_says_which_one_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("actors.dashboard.top.app")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)
    monkeypatch.setitem(sys.modules, "textual.app", None)
    assert complaint("log.jsonl").endswith("pip install 'greenroom[dashboard]'\n")


def test_in_a_pipe_it_sends_one_to_tail() -> None:
    assert complaint("log.jsonl") == (
        "Error: there is no terminal to draw in: use greenroom tail in a pipe\n"
    )


@pytest.mark.parametrize("speed", ["0", "-1", "fast"])
def test_a_speed_is_a_number_above_0(speed: str) -> None:
    assert "--replay" in complaint("--replay", speed, "log.jsonl")


def test_other_commands_do_not_import_it() -> None:
    program = (
        "import sys\nfrom actors.cli import main\nmain(['top', '--help'], standalone_mode=False)\n"
        "print(sorted({'textual', 'rich', 'fastdigest'} & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert inert(done.stdout.replace("\n", "")) == done.stdout.replace("\n", "")


def test_a_log_that_can_t_be_read_ends_it(tmp_path: Path) -> None:
    failed = Top(Live([str(tmp_path)])).run(headless=True)
    assert isinstance(failed, IsADirectoryError)
