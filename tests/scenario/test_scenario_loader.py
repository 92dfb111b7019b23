from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.errors import ScriptError
from actors.scenario import Scenario, Stage, scenario
from actors.scenario.loader import load

ScriptFile = Callable[[str], Path]
ONE = """
@scenario(sessions=3)
async def one(stage: Stage) -> None:
    '''What it shows.

    And more.
    '''
"""


def refusal(path: Path) -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        load(path)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def test_the_scenario_of_a_file_is_found(script_file: ScriptFile) -> None:
    found = load(script_file(ONE))
    assert (found.name, found.sessions, found.story) == ("one", 3, "What it shows.")


def test_a_scenario_is_declared_with_and_without_arguments() -> None:
    async def script(_: Stage) -> None: ...

    assert scenario(script).sessions == 10
    assert scenario(sessions=2)(script).sessions == 2


def test_what_lies_beside_the_file_can_be_imported_by_it(script_file: ScriptFile) -> None:
    path = script_file("from beside_played import one")
    (path.parent / "beside_played.py").write_text("one = 1", encoding="utf-8")
    before = list(sys.path)
    assert "holds no scenario" in str(refusal(path))
    assert sys.path == before


def test_a_scenario_that_was_imported_is_not_the_files_own(script_file: ScriptFile) -> None:
    path = script_file(ONE + "from other_played import other")
    (path.parent / "other_played.py").write_text(
        "from actors.scenario import scenario\n@scenario\nasync def other(stage): ...", encoding="utf-8"
    )
    assert load(path).name == "one"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "holds no scenario: put @scenario"),
        (
            ONE + ONE.replace("one(", "two("),
            "holds several scenarios (one, two): keep each in a file of its own",
        ),
    ],
)
def test_a_file_without_exactly_one_scenario_is_no_failure_of_the_script(
    script_file: ScriptFile, source: str, said: str
) -> None:
    error = refusal(script_file(source))
    assert said in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("name", "said"),
    [(".", "is a folder"), ("missing.py", "does not exist: check the path"), ("notes.txt", "ends in .py")],
)
def test_a_path_to_nothing_that_can_be_run_is_no_failure_of_a_script(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "notes.txt").touch()
    error = refusal(tmp_path / name)
    assert said in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 = 2", "line 5, is no valid Python"),
        ("import no_such_thing_at_all", "line 5, failed while it was loaded (ModuleNotFoundError"),
        (
            "\nraise ValueError('a\\nb')",
            "line 6, failed while it was loaded (ValueError: a b): correct it there",
        ),
        ("import sys; sys.exit(4)", 'under `if __name__ == "__main__":`'),
        ("@scenario\ndef late(stage): ...", "write `async def late(stage)`"),
        ("@scenario(sessions=0)\nasync def empty(stage): ...", "at least one session"),
        ("Reply(pace_s=-1)", "(ConfigError: Reply.pace_s"),
    ],
)
def test_what_a_script_raises_while_it_is_loaded_is_told_in_one_line(
    script_file: ScriptFile, source: str, said: str
) -> None:
    path = script_file(source)
    error = refusal(path)
    assert said in str(error)
    assert str(error).startswith(str(path))
    assert error.__cause__ is not None


def test_a_relative_path_is_told_as_it_was_given(
    script_file: ScriptFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = script_file("boom")
    monkeypatch.chdir(path.parent)
    assert str(refusal(Path(path.name))).startswith("played.py, line 5, failed")


def test_structs_of_a_script_find_their_annotations(script_file: ScriptFile) -> None:
    source = (
        ONE
        + "import msgspec\nclass Row(msgspec.Struct):\n    name: 'str'\nmsgspec.convert({'name': 'a'}, Row)"
    )
    assert isinstance(load(script_file(source)), Scenario)
