"""From a path to the scenario that lies there."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from actors.errors import ScriptError
from actors.scenario.declare import Scenario


def load(path: Path) -> Scenario:
    """Run a file and give the one scenario in it.

    Raises:
        ScriptError: one line that says what is wrong and what to do. Its `__cause__` is what the file raised; None
            if the file is not at fault: it is missing, or holds no scenario.
    """
    _check_readable(path)
    if path.suffix != ".py":
        raise ScriptError(f"{path} is no Python file: a scenario's name ends in .py")
    module = _imported(path)
    found = [value for value in vars(module).values() if isinstance(value, Scenario)]
    own = {scenario.name: scenario for scenario in found if scenario.module == module.__name__}
    if not own:
        raise ScriptError(
            f"{path} holds no scenario: put @scenario (from actors.scenario) on an async function that takes the stage"
        )
    if len(own) > 1:
        raise ScriptError(
            f"{path} holds several scenarios ({', '.join(own)}): keep each in a file of its own"
        )
    return next(iter(own.values()))


def _check_readable(path: Path) -> None:
    try:
        path.read_bytes()
    except IsADirectoryError:
        raise ScriptError(
            f"{path} is a folder: name a scenario in it, such as {path / 'first_night.py'}"
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        raise ScriptError(f"{path} does not exist: check the path, which counts from {Path.cwd()}") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ScriptError(f"{path} can't be read ({why}): check its permissions, or choose a copy") from None


def _imported(path: Path) -> ModuleType:
    name = f"greenroom_scenario_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.absolute())
    assert spec is not None  # noqa: S101 - there is a loader for .py
    assert spec.loader is not None  # noqa: S101 - the same
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where types are looked up by the annotations of the file's own structs
    try:
        with _beside(path):
            spec.loader.exec_module(module)
    except ScriptError as error:  # of `@scenario`, misused
        raise ScriptError(f"{path}: {error}") from error
    except SyntaxError as error:
        own = error.filename is not None and Path(error.filename) == path.absolute()
        where = path if own else error.filename
        raise ScriptError(
            f"{where}, line {error.lineno}, is no valid Python ({error.msg}): correct it"
        ) from error
    except (Exception, SystemExit) as error:
        raise ScriptError(_advice(path, error)) from error
    return module


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[None]:
    """The file finds modules that lie beside it, as `python FILE` would."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # the file may have put sys.path in an order of its own
            sys.path.remove(folder)


def _advice(path: Path, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path.absolute()]
    where = f"{path}, line {lines[-1]}," if lines else str(path)
    said = " ".join(str(error).split())
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    match error:
        case ModuleNotFoundError():
            advice = f"install what brings {error.name}, or correct the name"
        case SystemExit():
            advice = 'put what only a direct run should do under `if __name__ == "__main__":`'
        case _:
            advice = "correct it there, or move it into the scenario"
    return f"{where} failed while it was loaded ({what}): {advice}"
