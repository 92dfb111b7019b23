"""A Python file of the host's, run where a command needs what lies in it: what goes wrong is one line of advice."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from actors.errors import ScriptError


def run_file(path: Path, what: str, example: str) -> ModuleType:
    """Run a file and give its module.

    Args:
        path: the file.
        what: it is for, in a word: `scenario`.
        example: such a file's name.

    Raises:
        ScriptError: one line that says what is wrong and what to do. Its `__cause__` is what the file raised; None
            if the file is not at fault.
    """
    _check_readable(path, what, example)
    if path.suffix != ".py":
        raise ScriptError(f"{path} is no Python file: a {what}'s name ends in .py")
    return _imported(path, what)


def _check_readable(path: Path, what: str, example: str) -> None:
    try:
        path.read_bytes()
    except IsADirectoryError:
        raise ScriptError(f"{path} is a folder: name a {what} file in it, such as {path / example}") from None
    except (FileNotFoundError, NotADirectoryError):
        raise ScriptError(f"{path} does not exist: check the path, which counts from {Path.cwd()}") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ScriptError(f"{path} can't be read ({why}): check its permissions, or choose a copy") from None


def _imported(path: Path, what: str) -> ModuleType:
    name = f"greenroom_{what}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.absolute())
    assert spec is not None  # noqa: S101 - there is a loader for .py
    assert spec.loader is not None  # noqa: S101 - the same
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where types are looked up by the annotations of the file's own structs
    try:
        with beside(path.resolve().parent):
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
        raise ScriptError(_advice(path, what, error)) from error
    return module


@contextlib.contextmanager
def beside(folder: Path) -> Iterator[None]:
    """Modules that lie in a folder are found, as `python FILE` finds those that lie beside the file."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # the file may have put sys.path in an order of its own
            sys.path.remove(str(folder))


def _advice(path: Path, what: str, error: BaseException) -> str:
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
            advice = f"correct it there, or move it into the {what}"
    return f"{where} failed while it was loaded ({what}): {advice}"
