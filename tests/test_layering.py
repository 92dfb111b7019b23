"""The pure layers import what is pure; nothing else keeps I/O, clocks and actors out of them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PURE_OF_LOG = (
    "decode", "encode", "format", "lines", "lnav", "mcp", "merge", "requests", "schema", "stamped", "talking", "tools",
    "turns", "wanted",
)  # fmt: skip
PURE_PACKAGES = ("answers", "core", "wire", "fleet", "plots", "scenario/laws")
PURE_OF_TOOLS = (
    "arguments", "context", "decorator", "docstring", "raw", "render", "result", "schema", "shape", "signature",
    "strict", "tool",
)  # fmt: skip
PURE_OF_BOARD = ("backlog", "changes", "contents", "keys", "limits")
PURE_OF_COMPANY = ("accounts", "book", "letters", "purse", "room_events", "spend", "waits")
PURE_OF_OTEL = ("calls", "names", "said", "spans", "turn", "turns")
PURE = sorted([
    *(path for package in PURE_PACKAGES for path in ROOT.glob(f"actors/{package}/*.py")),
    *(ROOT / "actors" / "company" / f"{name}.py" for name in PURE_OF_COMPANY),
    *(ROOT / "actors" / "log" / f"{name}.py" for name in PURE_OF_LOG),
    *(ROOT / "actors" / "company" / "board" / f"{name}.py" for name in PURE_OF_BOARD),
    *(ROOT / "actors" / "otel" / f"{name}.py" for name in PURE_OF_OTEL),
    *(ROOT / "actors" / "tools" / f"{name}.py" for name in PURE_OF_TOOLS),
    ROOT / "actors" / "scrub.py",
])  # fmt: skip
OURS = (
    *(
        f"actors.{name}"
        for name in (
            "errors",
            "outcome",
            "carried",
            "events",
            "approvals",
            "budget",
            "settings",
            "config",
            "window",
            "answers",
            "core",
            "wire",
            "fleet",
            "plots",
            "scenario.laws",
            "scrub",
            "settings",
        )
    ),
    *(f"actors.company.{name}" for name in PURE_OF_COMPANY),
    *(f"actors.log.{name}" for name in PURE_OF_LOG),
    *(f"actors.company.board.{name}" for name in PURE_OF_BOARD),
    *(f"actors.otel.{name}" for name in PURE_OF_OTEL),
    *(f"actors.tools.{name}" for name in PURE_OF_TOOLS),
)
PURE_LIBRARIES = frozenset(
    {"msgspec", "fastdigest", "docstring_parser", "jiter", "jsonschema", "referencing"}
)
IMPURE = frozenset({
    "asyncio", "concurrent", "ctypes", "fcntl", "ftplib", "http", "imaplib", "io", "logging",
    "mmap", "multiprocessing", "os", "pathlib", "pickle", "poplib", "queue", "random", "sched", "secrets",
    "select", "selectors", "shelve", "shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3",
    "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
    "uuid", "warnings", "weakref", "xmlrpc",
})  # fmt: skip
BUILTINS = frozenset({"open", "print", "input", "__import__", "exec", "eval", "breakpoint"})


def imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that they can be read here"
            yield node.module or ""


def is_allowed(module: str) -> bool:
    top = module.partition(".")[0]
    if top == "actors":
        return any(module == name or module.startswith(f"{name}.") for name in OURS)
    return top in PURE_LIBRARIES or (top in sys.stdlib_module_names and top not in IMPURE)


def impurities(source: str) -> list[str]:
    called = {
        node.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS
    }
    return sorted({module for module in imports(source) if not is_allowed(module)} | called)


@pytest.mark.parametrize("path", PURE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_pure_layers_import_only_what_is_pure(path: Path) -> None:
    assert impurities(path.read_text(encoding="utf-8")) == []


def test_the_pure_layers_are_found() -> None:
    assert {"sse.py", "retry.py", "openai_chat.py", "waits.py"} <= {path.name for path in PURE}


@pytest.mark.parametrize(
    "line",
    ["import asyncio", "import os.path", "from time import monotonic", "import httpx", "import pykka",
     "import actors", "from actors.runtime import Runtime", "import random", "open('x')"],
)  # fmt: skip
def test_an_impure_line_is_noticed(line: str) -> None:
    assert impurities(line) != []


def test_core_does_not_know_the_dialects() -> None:
    core = [path for path in PURE if path.parent.name == "core"]
    assert [path.name for path in core if any("wire" in module for module in imports(path.read_text()))] == []


LAYERS = (
    (
        "errors",
        "outcome",
        "carried",
        "events",
        "scrub",
        "settings",
        "budget",
        "profiles",
        "endpoint",
        "sources",
        "tools",
        "window",
        "approvals",
        "config",
        "birthplace",
    ),
    ("core", "wire", "log", "extras", "parts", "user_input", "answers", "tokenizer", "scripts"),
    ("fleet", "plots"),
    (
        "kernel",
        "messages",
        "diagnosis",
        "transport",
        "provider",
        "stats",
        "endpoints",
        "reach",
        "valve",
        "receiving",
        "shielding",
        "local",
    ),
    (
        "admission",
        "overrides",
        "prices",
        "memory",
        "hooks",
        "turns",
        "telling",
        "outlets",
        "turn",
        "ledger",
        "services",
        "reporting",
        "session",
        "aggregator",
        "caller",
        "attempts",
        "supervisor",
        "company",
        "root",
        "mcp",
        "observer",
    ),
    ("stream", "pump", "watching", "client", "room", "blackboard", "mapping"),
    ("world", "house", "births", "runtime"),
    ("sim",),
    ("scenario", "chat", "dashboard", "otel", "commands"),
    ("cli",),
)
"""From the ground up: a layer imports from itself and from those before it. `messages` carry what the core makes."""
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
SHIPPED = sorted(path for path in ROOT.glob("actors/**/*.py") if path != ROOT / "actors" / "__init__.py")


def at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only the type checker reads."""
    for node in ast.iter_child_nodes(tree):
        guarded = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not guarded:
            yield node
            yield from at_run_time(node)


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT / "actors").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT / "actors")))
def test_imports_go_one_way(path: Path) -> None:
    own = RANK[layer_of(path)]
    for node in at_run_time(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("actors."):
            assert RANK[str(node.module).split(".")[1]] <= own, f"{path.name} imports {node.module}"
