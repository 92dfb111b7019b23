"""The provider under the benchmarks: what it sends is rendered beforehand, and it says what it cost itself.

The model's name in a request asks for a stream: `flood-COUNT` comes at once, `paced-COUNT-MICROSECONDS` a delta at a
time, on an absolute schedule: who is late catches up. A paced delta's text is the time at which it was sent:
`time.monotonic_ns()` in 16 digits. `GET /stats` gives the CPU seconds so far and how late the pacing was.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import heapq
import json
import os
import re
import resource
import time
from typing import cast

MODEL = re.compile(rb'"model": ?"(flood|paced)-(\d+)(?:-(\d+))?"')
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
STAMP = 16


def http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(delta: str, finish: str, more: str = "") -> bytes:
    return (
        'data: {"id":"chatcmpl-AbCdEf0123456789","object":"chat.completion.chunk","created":1767213642,'
        '"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_0123456789",'
        f'"choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}]{more}}}\n\n'
    ).encode()


USAGE = ',"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}'
FIRST = http_chunk(event('{"role":"assistant","content":""}', "null"))
LAST = http_chunk(event("{}", '"stop"', USAGE)) + http_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
BEFORE, AFTER = http_chunk(event(json.dumps({"content": "@" * STAMP}), "null")).split(b"@" * STAMP)


@functools.cache
def flood(count: int) -> bytes:
    return HEAD + FIRST + (BEFORE + b"sixteen letters." + AFTER) * count + LAST


class Pacer:
    """Sends what is due, of all streams, once a millisecond."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.heap: list[tuple[int, int, int, int, asyncio.WriteTransport]] = []
        self.started = 0
        self.late: list[int] = []

    def begin(self, transport: asyncio.WriteTransport, count: int, interval: int) -> None:
        transport.write(HEAD + FIRST)
        self.started += 1
        # The phases differ, so that the streams do not tick together.
        due = time.monotonic_ns() + interval * (self.started * 61 % 100) // 100
        if not self.heap:
            self.loop.call_later(0.001, self.tick)
        heapq.heappush(self.heap, (due, self.started, count, interval, transport))

    def tick(self) -> None:
        heap = self.heap
        while heap and heap[0][0] <= (now := time.monotonic_ns()):
            due, number, left, interval, transport = heap[0]
            self.late.append(now - due)
            transport.write(b"%b%016d%b" % (BEFORE, time.monotonic_ns(), AFTER))
            if transport.is_closing():
                heapq.heappop(heap)
            elif left > 1:
                heapq.heapreplace(heap, (due + interval, number, left - 1, interval, transport))
            else:
                heapq.heappop(heap)
                transport.write(LAST)
        if heap:
            self.loop.call_later(0.001, self.tick)

    def stats(self) -> bytes:
        used = resource.getrusage(resource.RUSAGE_SELF)
        late, self.late = sorted(self.late), []
        p99 = late[len(late) * 99 // 100] / 1e6 if late else 0.0
        return json.dumps({"cpu": used.ru_utime + used.ru_stime, "late_p99_ms": p99}).encode()


class Connection(asyncio.Protocol):
    """Reads requests, one after the other."""

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, end, body = self.data.partition(b"\r\n\r\n")
        if not end:
            return
        length = LENGTH.search(head)
        if length is not None and len(body) < int(length[1]):
            return
        self.data = b""
        if head.startswith(b"GET /stats"):
            stats = self.pacer.stats()
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(stats), stats))
            return
        asked = MODEL.search(body)
        assert asked is not None
        if asked[1] == b"flood":
            self.transport.write(flood(int(asked[2])))
        else:
            self.pacer.begin(self.transport, int(asked[2]), int(asked[3]) * 1000)


async def serve(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    pacer = Pacer(loop)
    server = await loop.create_server(lambda: Connection(pacer), "127.0.0.1", 0, backlog=4096)
    os.write(1, b"%d\n" % server.sockets[0].getsockname()[1])
    await asyncio.sleep(seconds)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loop", default="asyncio", choices=["asyncio", "uvloop"])
    parser.add_argument("--core", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=300)
    args = parser.parse_args()
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if args.loop == "uvloop":
        import uvloop  # noqa: PLC0415 - an extra

        uvloop.run(serve(args.seconds))
    else:
        asyncio.run(serve(args.seconds))


if __name__ == "__main__":
    main()
