"""Images and files in what a user says."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from actors import ConfigError, File, Image, PartLimits, Runtime
from actors.provider import Reply, ScriptedProvider
from actors.user_input import to_messages

PNG = b"\x89PNG\r\n\x1a\n and so on"
PDF = b"%PDF-1.7 and so on"
URL = "https://example.org/cat.png"


def said(*pieces: Any, limits: PartLimits | None = None) -> list[dict[str, Any]]:
    (message,) = to_messages(pieces, limits if limits is not None else PartLimits())
    assert message["role"] == "user"
    content: list[dict[str, Any]] = message["content"]
    return content


def data_url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def test_texts_and_parts_keep_their_order() -> None:
    raw = {"type": "file", "file": {"file_id": "file-1"}}
    assert said("What is", Image(URL, detail="low"), "and", raw) == [
        {"type": "text", "text": "What is"},
        {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
        {"type": "text", "text": "and"},
        raw,
    ]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 and so on", "image/jpeg"),
        (b"GIF89a and so on", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_bytes_say_what_image_they_are(data: bytes, media_type: str) -> None:
    assert said(Image(data)) == [{"type": "image_url", "image_url": {"url": data_url(data, media_type)}}]


def test_the_host_may_say_what_image_it_is() -> None:
    (part,) = said(Image(b"anything", media_type="image/avif"))
    assert part["image_url"]["url"] == data_url(b"anything", "image/avif")


def test_a_file_is_read_when_the_turn_is_begun(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    image = Image(path)
    path.write_bytes(PNG)
    (part,) = said(image)
    assert part["image_url"]["url"] == data_url(PNG, "image/png")


@pytest.mark.parametrize(
    ("part", "file"),
    [
        (File(PDF), {"filename": "file.pdf", "file_data": data_url(PDF, "application/pdf")}),
        (File(PDF, "plot.pdf"), {"filename": "plot.pdf", "file_data": data_url(PDF, "application/pdf")}),
        (File(b"a,b", "plot.csv"), {"filename": "plot.csv", "file_data": data_url(b"a,b", "text/csv")}),
        (File(b"?"), {"filename": "file.bin", "file_data": data_url(b"?", "application/octet-stream")}),
        (File("data:application/pdf;base64,JVBERi0="), {"file_data": "data:application/pdf;base64,JVBERi0="}),
        (
            File("https://example.org/a/plot.pdf?x=1"),
            {"filename": "plot.pdf", "file_data": "https://example.org/a/plot.pdf?x=1"},
        ),
    ],
)
def test_a_file_as_chat_completions_have_it(part: File, file: dict[str, Any]) -> None:
    assert said(part) == [{"type": "file", "file": file}]


@pytest.mark.parametrize(("data", "kind"), [(b"RIFF\0\0\0\0WAVEfmt ", "wav"), (b"ID3\x04 and so on", "mp3")])
def test_sound_is_sent_as_sound(data: bytes, kind: str) -> None:
    encoded = base64.b64encode(data).decode()
    assert said(File(data)) == [{"type": "input_audio", "input_audio": {"data": encoded, "format": kind}}]


def test_parts_in_messages_are_taken_too() -> None:
    first = {"role": "system", "content": "Look."}
    messages = to_messages([first, {"role": "user", "content": ["What?", Image(URL)]}], PartLimits())
    assert messages[0] is first
    assert messages[1]["content"] == said("What?", Image(URL))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Image("cat.png"), "pathlib.Path"),
        (lambda: Image(3), "not int"),  # type: ignore[arg-type]
        (lambda: said(Image(b"no image")), "media_type="),
        (lambda: said(Image(PDF)), "File"),
        (lambda: said(Image(b"")), "is empty"),
        (lambda: said(File(Path("nowhere.pdf"))), r"can't read nowhere\.pdf: No such file"),
        (lambda: said(Image(PNG), limits=PartLimits(part_bytes=5)), "part_bytes"),
        (lambda: said(File(data_url(PDF * 9, "a/b")), limits=PartLimits(part_bytes=99)), "part_bytes"),
        (lambda: said("a", "b", limits=PartLimits(message_parts=1)), "message_parts"),
        (lambda: said("a", 5), "list of texts"),
        (lambda: to_messages(b"text", PartLimits()), "got bytes"),  # type: ignore[arg-type]
    ],
)
def test_what_can_not_be_sent_is_refused_with_what_to_do(make: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make()


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.pdf"
    path.write_bytes(PDF)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(ConfigError, match="18 bytes, and 17 may be sent"):
        said(File(path), limits=PartLimits(part_bytes=17))


def test_a_part_shows_its_size_and_none_of_its_bytes() -> None:
    assert repr(Image(PNG)) == "Image(<18 bytes>)"
    assert repr(File(PDF, "plot.pdf")) == "File(<18 bytes>, 'plot.pdf')"
    assert repr(Image(data_url(PNG, "image/png"))) == "Image(<data URL of 46 characters>)"
    assert repr(Image(URL)) == f"Image({URL!r})"


def test_parts_reach_the_model_and_stay_in_the_conversation() -> None:
    with ScriptedProvider(default=Reply("A cat.")) as provider, Runtime(provider.endpoint()) as runtime:
        session = runtime.spawn(id="ada")
        session.run(["What is this?", Image(PNG)])
        session.run("Are you sure?")
        first, second = (request.body for request in provider.requests_of("ada"))
        assert first["messages"] == [{"role": "user", "content": said("What is this?", Image(PNG))}]
        assert second["messages"][0] == first["messages"][0]


def test_the_limits_are_settings_of_a_turn() -> None:
    with ScriptedProvider() as provider, Runtime(provider.endpoint()) as runtime:
        with pytest.raises(ConfigError, match="part_bytes"):
            runtime.spawn().run([Image(PNG)], parts=PartLimits(part_bytes=5))
        assert provider.requests == ()
