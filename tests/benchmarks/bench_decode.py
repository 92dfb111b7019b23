"""What a delta costs in the pure core: `Decoder.feed` and `Aggregate.add`, on reads of 16 KiB.

Run it by hand: `python tests/benchmarks/bench_decode.py`. A figure is the best of several.
"""

from __future__ import annotations

import time

from actors.config import Limits
from actors.core.aggregate import Aggregate
from actors.core.splice import Splice
from actors.wire.openai_chat import Decoder

DELTAS = 20_000
READ = 16 * 1024
EVENT = (
    b'data: {"id":"chatcmpl-AbCdEf0123456789","object":"chat.completion.chunk","created":1767213642,'
    b'"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_0123456789",'
    b'"choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}\n\n'
)


def run(*, through: str) -> float:
    """Decode one stream; gives microseconds a delta."""
    body = EVENT * DELTAS
    reads = [body[at : at + READ] for at in range(0, len(body), READ)]
    decoder, aggregate, splice = Decoder(Limits()), Aggregate(Limits(), show_thoughts=True), Splice()
    begin = time.perf_counter()
    for read in reads:
        chunks = decoder.feed(read)
        if through != "decode":
            pieces = aggregate.add(chunks)
            if through == "splice":
                splice.feed(pieces)
    return (time.perf_counter() - begin) / DELTAS * 1e6


def main() -> None:
    """Print the table."""
    for through in ("decode", "aggregate", "splice"):
        print(f"{through:<10} {min(run(through=through) for _ in range(7)):.2f} µs a delta")  # noqa: T201 - its output


if __name__ == "__main__":
    main()
