"""What can go wrong in a reply, and where.

A fault belongs to a `Reply`: `Reply("...", faults=(Reset(after=3),))` or `Reply("...").but(Reset(after=3))`.
Its `after` is a number of deltas, or a `Phase`:

- an int n: after n deltas (thoughts, text and tool fragments count alike); 0 is after the headers and the
  role chunk, before the first delta;
- `before_headers`, `after_headers`: before and after the head of the response;
- `in_thought`, `in_text`, `in_tool_call`: after the first delta of that kind;
- `after_finish`: after the chunk with the finish reason, before usage and end marker;
- `at_end`: after the end marker, before the end of the body.

A whole reply (one that is not streamed) has no deltas: there, everything from 0 to `after_finish` falls
inside the JSON body. `Pause`, `Delay`, `BadJson`, `InvalidUtf8`, `Inject` and `KeepAlives` with `times` let
the reply go on; the others end it.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from actors.provider.gate import Gate
from actors.settings import Positive, Seconds, Settings

Phase: TypeAlias = Literal[
    "before_headers",
    "after_headers",
    "in_thought",
    "in_text",
    "in_tool_call",
    "after_finish",
    "at_end",
]
Place: TypeAlias = Annotated[int, msgspec.Meta(ge=0)] | Phase


class _Fault(Settings, frozen=True, tag_field="fault", tag=True):
    after: Place = 0
    """After how many deltas, or in which phase."""


class _BodyFault(_Fault, frozen=True):
    """A fault that is a piece of the body."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.after == "before_headers":
            self._refuse("after", "this fault is a part of the body and can't come before the headers")


class Pause(_Fault, frozen=True, kw_only=True):
    """Hold the reply until `gate.set()`: a test's handshake with the server."""

    gate: Gate


class Delay(_Fault, frozen=True, kw_only=True):
    """Wait; `after="before_headers"` makes slow headers."""

    seconds: Seconds


class Reset(_Fault, frozen=True):
    """Reset the connection (RST). What the kernel could not yet send to a slow client is lost."""


class Eof(_Fault, frozen=True):
    """End the body early. With `Reply.framing="close"` both kinds are the same: the connection is closed."""

    terminated: bool = True
    """True: the body ends by HTTP's rules, and only its content is cut short; False: bare FIN."""


class Stall(_Fault, frozen=True):
    """Keep the connection open and send nothing more, until the client goes."""


class KeepAlives(_BodyFault, frozen=True, kw_only=True):
    """Send nothing but SSE comments (in a whole reply: white space)."""

    every_s: Seconds = 0.05
    comment: str = "keep-alive"
    times: Positive | None = None
    """So many, then the reply goes on; None: until the client goes."""


class InBandError(_BodyFault, frozen=True, kw_only=True):
    """Report an error inside a response of status 200, then end the body.

    Shapes: `event` (`event: error`), `beside_choices` (a top-level `error` in a chunk that has choices),
    `field` (an `error:` field instead of `data:`), `plain` (a chunk that is nothing but the error).
    """

    shape: Literal["event", "beside_choices", "field", "plain"] = "plain"
    message: str = "The model is overloaded."
    type: str | None = "overloaded_error"
    code: str | int | None = None
    done: bool = False
    """Whether the end marker follows the error."""

    def error(self) -> dict[str, object]:
        """The object that the endpoint reports."""
        return {"message": self.message, "type": self.type, "param": None, "code": self.code}


class BadJson(_BodyFault, frozen=True, kw_only=True):
    """A data line that is no JSON (in a whole reply: the whole body); the reply goes on after it."""

    data: str = '{"choices":[{"delta":{"content":"'


class InvalidUtf8(_BodyFault, frozen=True, kw_only=True):
    """A text delta that holds bytes which are not UTF-8 (in a whole reply: at the text's end)."""

    data: bytes = b"\xff\xfe"

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(byte < 0x80 for byte in self.data):  # noqa: PLR2004 - ASCII ends there
            self._refuse("data", "must hold no ASCII: it goes into a JSON string unescaped")
        try:
            self.data.decode()
        except UnicodeDecodeError:
            return
        self._refuse("data", "is valid UTF-8; use a text delta for that")


class Inject(_BodyFault, frozen=True, kw_only=True):
    """Any bytes between two events of the body, as they are; a whole reply does not hold them."""

    data: bytes


class BadChunk(_BodyFault, frozen=True):
    """A chunk header that is no number (RFC 9112, 7.1), then close; only in a reply framed in chunks."""


class BadStatusLine(_Fault, frozen=True, kw_only=True):
    """A response that does not begin as HTTP does (RFC 9112, 4), then close."""

    after: Place = "before_headers"
    line: str = "HTTP/9 what"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.after != "before_headers":
            self._refuse("after", "the status line comes first: must be 'before_headers'")


Fault: TypeAlias = (
    Pause
    | Delay
    | Reset
    | Eof
    | Stall
    | KeepAlives
    | InBandError
    | BadJson
    | InvalidUtf8
    | Inject
    | BadChunk
    | BadStatusLine
)

_Ending: TypeAlias = Reset | Eof | Stall | InBandError | BadChunk | BadStatusLine


def ends(fault: Fault) -> bool:
    """Whether nothing of the reply follows the fault."""
    return isinstance(fault, _Ending) or (isinstance(fault, KeepAlives) and fault.times is None)
