"""`tiktoken`, where it is installed and has its vocabulary on this machine already: nothing is fetched for it.

Left to itself, `tiktoken.get_encoding` downloads a vocabulary that its cache lacks, or that its cache holds damaged. So
the file is looked at first, where `tiktoken.load.read_file_cached` will look for it: a folder that `TIKTOKEN_CACHE_DIR`
or `DATA_GYM_CACHE_DIR` names, or `data-gym-cache` among the temporary files, under the SHA-1 of its URL.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from actors.core.tokens import Count, count_pieces

if TYPE_CHECKING:
    from actors.window import Window

_VOCABULARIES = (
    (
        "o200k_base",
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    (
        "cl100k_base",
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
)
"""Name, file name, and SHA-256 of the content, as `tiktoken_ext.openai_public` has them; the first found is taken."""

_BLOCK = 8192
"""Longer texts are counted in blocks of so many code points, as the tokenizer's regular expression can overflow its
stack on a very long run of one character; that costs at most a token or two a block."""


class _Encoding(Protocol):
    def encode_ordinary(self, text: str, /) -> list[int]: ...


def counter(window: Window) -> Count:
    """What counts tokens for this window. Unless `is_ready` it reads a vocabulary, half a second long: use a thread."""
    found = _installed() if window.tokenizer else None
    return count_pieces if found is None else found


def is_ready(window: Window) -> bool:
    """Whether `counter` returns at once."""
    return not window.tokenizer or _installed.cache_info().currsize > 0


@functools.cache
def _installed() -> Count | None:
    if importlib.util.find_spec("tiktoken") is None:
        return None
    name = available(_folder(os.environ))
    if name is None:
        return None
    import tiktoken  # noqa: PLC0415 - it may not be installed

    return functools.partial(_count, tiktoken.get_encoding(name))


def available(folder: Path | None) -> str | None:
    """Which vocabulary lies whole in a cache of tiktoken's; None: none does."""
    if folder is None:
        return None
    return next((name for name, file, digest in _VOCABULARIES if _digest(folder / file) == digest), None)


def _folder(environ: Mapping[str, str]) -> Path | None:
    for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if variable in environ:
            return (
                Path(environ[variable]) if environ[variable] else None
            )  # empty: no cache, always the network
    return Path(tempfile.gettempdir()) / "data-gym-cache"


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _count(encoding: _Encoding, text: str) -> int:
    if len(text) <= _BLOCK:
        return len(encoding.encode_ordinary(text))
    return sum(len(encoding.encode_ordinary(text[at : at + _BLOCK])) for at in range(0, len(text), _BLOCK))
