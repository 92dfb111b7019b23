from __future__ import annotations

from pathlib import Path

import pytest

from actors import UsageError
from actors.chat.archive import Conversation, load, save

SAID = ({"role": "user", "content": "a"}, {"role": "assistant", "content": "b\u2028\x1b"})


def test_what_is_saved_is_loaded_again_and_for_nobody_else_to_read(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    save(path, "ada", SAID)
    assert load(path) == Conversation(model="ada", messages=SAID)
    assert path.stat().st_mode & 0o077 == 0
    save(path, "bob", SAID[:1])
    assert load(path) == Conversation(model="bob", messages=SAID[:1])
    assert [entry.name for entry in tmp_path.iterdir()] == ["talk.json"]


@pytest.mark.parametrize(
    "held",
    [
        b"",
        b"# Notes",
        b'{"model": "m"}',
        b'{"format": "greenroom.chat.1", "model": "m", "messages": [{}]}',
        b'{"format": "greenroom.chat.2", "model": "m", "messages": []}',
        b"[" * 100_000,
        b'"\xff"',
    ],
)
def test_what_is_no_conversation_is_neither_loaded_nor_overwritten(tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "notes"
    path.write_bytes(held)
    with pytest.raises(UsageError, match="holds no conversation"):
        load(path)
    with pytest.raises(UsageError, match="holds no conversation"):
        save(path, "ada", SAID)
    assert path.read_bytes() == held


def test_what_can_t_be_read_or_written_is_one_line_of_advice(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can't be read \(No such file"):
        load(tmp_path / "none")
    with pytest.raises(UsageError, match=r"can't be written \(No such file"):
        save(tmp_path / "none" / "talk", "ada", SAID)
