"""How a test knows what goes on in a server's process: it waits for a line that the process writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self


class Diary:
    """Listens on a loopback port, which is the process's `DIARY`."""

    def __init__(self) -> None:
        self.port = 0
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._put_back: list[str] = []

    @classmethod
    @asynccontextmanager
    async def kept(cls) -> AsyncIterator[Self]:
        diary = cls()
        server = await asyncio.start_server(diary._take, "127.0.0.1", 0)
        diary.port = server.sockets[0].getsockname()[1]
        async with server:
            yield diary

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            self._lines.put_nowait(line.decode().strip())
        writer.close()

    @property
    def env(self) -> dict[str, str]:
        return {"DIARY": str(self.port)}

    async def line(self, begins: str) -> str:
        """The rest of the next line that begins so; lines before it are passed over."""
        while True:
            line = await self._lines.get()
            if line.startswith(begins):
                return line.removeprefix(begins).strip()
