"""`tiktoken` is used where its vocabulary is, and never fetches one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors import tokenizer
from actors.core.tokens import count_pieces
from actors.window import Window

tiktoken = pytest.importorskip("tiktoken")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(tiktoken, "get_encoding", names.append)
    return names


@pytest.mark.parametrize("content", [None, b"", b"damaged"])
def test_a_vocabulary_that_is_not_there_whole_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fetched: list[str], content: bytes | None
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    if content is not None:
        for _, file, _ in tokenizer._VOCABULARIES:
            (tmp_path / file).write_bytes(content)
    assert tokenizer._installed.__wrapped__() is None
    assert fetched == []


def test_one_that_is_there_whole_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fetched: list[str]
) -> None:
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1: of "abc"
    monkeypatch.setattr(tokenizer, "_VOCABULARIES", (("first", "a", digest), ("second", "b", digest)))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / "b").write_bytes(b"abc")
    assert tokenizer._installed.__wrapped__() is not None
    assert fetched == ["second"]


def test_where_tiktoken_keeps_them() -> None:
    assert tokenizer._folder({"TIKTOKEN_CACHE_DIR": "/a", "DATA_GYM_CACHE_DIR": "/b"}) == Path("/a")
    assert tokenizer._folder({"DATA_GYM_CACHE_DIR": "/b"}) == Path("/b")
    assert tokenizer._folder({"TIKTOKEN_CACHE_DIR": ""}) is None
    found = tokenizer._folder({})
    assert found is not None
    assert found.name == "data-gym-cache"


def test_it_can_be_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer, "_installed", lambda: len)
    assert tokenizer.counter(Window()) is len
    assert tokenizer.counter(Window(tokenizer=False)) is count_pieces


def encoding() -> Any:
    ranks = {bytes([byte]): byte for byte in range(256)}
    return tiktoken.Encoding(
        "bytes", pat_str=r"\S+|\s+", mergeable_ranks=ranks, special_tokens={"<|end|>": 256}
    )


@pytest.mark.parametrize("text", ["", "abc", "<|end|>", "a\ud800", "word " * 5000, "x" * 20_000])
def test_every_text_can_be_counted(text: str) -> None:
    surrogates = text.count("\ud800")
    assert tokenizer._count(encoding(), text) == len(text) + 2 * surrogates  # counted as U+FFFD
