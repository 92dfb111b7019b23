"""The dialect's laws, over bodies made of everything that is ordinary and much that is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.config import Limits
from actors.core.aggregate import Aggregate
from tests.wire.decoding import DONE, USAGE, bytewise, collect, delta, event, split

odd_text = st.text(
    st.one_of(st.characters(), st.sampled_from(["\ud83d", "\ude00", "\u2028", "\x00", "é"])), max_size=5
)
scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), odd_text)
oddity = st.recursive(
    scalar,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "content",
                    "type",
                    "text",
                    "index",
                    "id",
                    "function",
                    "name",
                    "arguments",
                    "message",
                    "code",
                    "thinking",
                    "delta",
                    "error",
                    "usage",
                    "choices",
                    "tool_calls",
                    "finish_reason",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
field = st.sampled_from(
    [
        "content",
        "refusal",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "tool_calls",
        "function_call",
    ]
)
payloads = st.one_of(
    odd_text.map(lambda said: delta(content=said)),
    odd_text.map(lambda said: delta(tool_calls=[{"index": 0, "id": "1", "function": {"arguments": said}}])),
    st.builds(lambda name, value: delta(**{name: value}), field, oddity),
    st.builds(
        lambda name, value: delta(content="x") | {name: value},
        st.sampled_from(["id", "model", "object", "choices", "usage", "x_groq", "error"]),
        oddity,
    ),
    st.just(delta(finish="stop")),
    st.just({"choices": [], "usage": USAGE}),
)
blocks = st.one_of(
    payloads.map(event),
    st.sampled_from(
        [
            b": hi\n",
            b"\n",
            b"data:\n\n",
            b"event: ping\ndata: x\n\n",
            b"data: bad\n\n",
            DONE,
            b"data: \xff\n\n",
            b"event: error\ndata: no\n\n",
            b"error: no\n\n",
            b"garbage\n",
            b"data: [[[[\n\n",
            b"<",
            b"{",
            b'data: {"choices":[{"delta":{"content":"\xe2\x82"}}]}\n\n',
        ]
    ),
)
bodies = st.lists(blocks, max_size=8).map(b"".join)


@given(
    bodies,
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(0, 2000), max_size=10),
    st.integers(0, 30),
)
def test_any_split_gives_the_same_chunks_and_the_same_violation(
    body: bytes, newline: bytes, cuts: list[int], lost: int
) -> None:
    body = body.replace(b"\n", newline)
    body = body[: len(body) - lost] if lost < len(body) else body
    for limits in (Limits(), Limits(event_bytes=120)):
        whole = collect([body], limits)
        assert collect(split(body, cuts), limits) == whole
        assert collect(bytewise(body), limits) == whole


@given(bodies)
def test_no_lone_surrogate_leaves_the_decoder_and_everything_it_gives_adds_up(body: bytes) -> None:
    made, _ = collect([body])
    aggregate = Aggregate(Limits(), show_thoughts=True)
    aggregate.add(made)
    aggregate.result(aggregate.outcome())
    for chunk in made:
        for name in chunk.__struct_fields__:
            value = getattr(chunk, name)
            if isinstance(value, str):
                value.encode()


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_no_bytes_are_too_odd(body: bytes, cuts: list[int]) -> None:
    for prefix in (b"", b"data: ", b'data: {"choices":[{"delta":{"content":"', b"{"):
        assert collect(split(prefix + body, cuts)) == collect([prefix + body])


@given(bodies, st.sampled_from([Limits(), Limits(event_bytes=120)]))
def test_the_narrow_path_and_the_full_one_decode_the_same(body: bytes, limits: Limits) -> None:
    introduction = event({"id": "r", "choices": []})
    # All at once goes the full way: the narrow one is taken once it is known who answers.
    assert collect([introduction, body], limits) == collect([introduction + body], limits)
