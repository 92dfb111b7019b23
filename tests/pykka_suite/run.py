"""Run pykka's own test suite with `LoopActor` among its runtimes, against the installed pykka.

    python tests/pykka_suite/run.py [SDIST] [PYTEST_ARGUMENT ...]

Without SDIST, pip downloads the source distribution of the installed version: it carries the tests. The exit
code is pytest's; 2 if the source distribution can't be had.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def download(into: Path) -> Path:
    """Have pip fetch the source distribution of the installed version."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "pykka"]
    wanted = [*pip, "--dest", str(into), f"pykka=={version('pykka')}"]
    subprocess.run(wanted, check=True)
    (sdist,) = into.glob("*.tar.gz")
    return sdist


def unpack(sdist: Path, into: Path) -> Path:
    """Unpack what the suite needs, and none of pykka itself: the installed one is tested."""
    with tarfile.open(sdist) as archive:
        tests = [member for member in archive.getmembers() if Path(member.name).parts[1:2] == ("tests",)]
        archive.extractall(into, members=tests, filter="data")
    (suite,) = into.iterdir()
    return suite


def main(arguments: list[str]) -> int:
    """Run the suite; gives pytest's exit code."""
    given = [Path(arguments.pop(0)).resolve()] if arguments and arguments[0].endswith(".tar.gz") else []
    with tempfile.TemporaryDirectory() as place:
        downloads, sources = Path(place, "downloads"), Path(place, "sources")
        downloads.mkdir()
        sources.mkdir()
        try:
            suite = unpack(given[0] if given else download(downloads), sources)
        except (subprocess.CalledProcessError, OSError, ValueError) as error:
            print(f"pykka's source distribution can't be had: {error}", file=sys.stderr)  # noqa: T201 - a script
            return 2
        command = [sys.executable, "-m", "pytest", "-q", "-p", "loop_runtime", "-p", "no:cacheprovider"]
        path = os.pathsep.join(str(entry) for entry in (suite, HERE, ROOT))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
        tests = [*command, "--rootdir", str(suite), *arguments, "tests"]
        return subprocess.run(tests, cwd=suite, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
