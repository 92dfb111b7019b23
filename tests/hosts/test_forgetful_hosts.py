"""Hosts that forget to close, that fork and that spawn processes: each in a process of its own."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from actors import BlockingCallError, Runtime, UsageError
from actors.events import SessionEnded
from actors.provider import Gate, Pause, Reply, ScriptedProvider, Status

ROOT = Path(__file__).parents[2]
HEAD = """
import asyncio, os, sys
from actors import Endpoint, ForkedError, Runtime, TurnError
endpoint = Endpoint(base_url=sys.argv[1], model=sys.argv[2])
"""


def run(source: str, provider: ScriptedProvider, model: str = "m") -> str:
    """The standard output of a host that ends with 0 and has nothing to complain about."""
    done = subprocess.run(
        [sys.executable, "-c", HEAD + source, provider.base_url, model],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_opening_and_closing_without_a_block(provider: ScriptedProvider) -> None:
    runtime = Runtime(provider.endpoint()).open()
    assert runtime.spawn().run("hello").text == "fine"
    with pytest.raises(UsageError):
        runtime.open()
    runtime.close()
    runtime.close()
    assert [thread for thread in threading.enumerate() if thread.name == "greenroom"] == []


def test_closing_refuses_to_block_a_loop() -> None:
    async def host() -> None:
        async with Runtime() as runtime:
            with pytest.raises(BlockingCallError, match="aclose"):
                runtime.close()
            await runtime.aclose()

    asyncio.run(host())


def drop(held: list[Any]) -> None:
    held.clear()
    gc.collect()


def test_a_runtime_that_is_dropped_ends_and_says_so(provider: ScriptedProvider) -> None:
    runtime = Runtime(provider.endpoint()).open()
    thread = runtime._dispatcher._home._thread  # type: ignore[union-attr]
    session = runtime.spawn()
    assert session.run("hello").text == "fine"
    ended, dropped, held = session.ended, weakref.ref(runtime), [session]
    del runtime, session
    gc.collect()
    assert dropped() is not None, "it is in use as long as its session is"
    with pytest.warns(ResourceWarning, match="dropped without being closed"):
        drop(held)
    assert dropped() is None
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(ended.get(timeout=30), SessionEnded)


def test_a_runtime_that_is_dropped_with_its_streams_ends_too(provider: ScriptedProvider) -> None:
    runtime = Runtime(provider.endpoint()).open()
    thread = runtime._dispatcher._home._thread  # type: ignore[union-attr]
    held = [runtime, runtime.spawn().events(), runtime.events(), runtime.spawn().stream("hello")]
    del runtime
    with pytest.warns(ResourceWarning, match="dropped without being closed"):
        drop(held)
    thread.join(5)
    assert not thread.is_alive()


def test_a_runtime_that_is_dropped_on_its_hosts_loop_ends_too(provider: ScriptedProvider) -> None:
    async def host() -> SessionEnded:
        runtime = await Runtime(provider.endpoint()).__aenter__()
        session = runtime.spawn()
        assert (await session.send("hello")).text == "fine"
        ended, held = session.ended, [session]
        del runtime, session
        with pytest.warns(ResourceWarning, match="dropped without being closed"):
            drop(held)
        return await ended

    assert asyncio.run(host()).reason == "runtime_closed"


def test_closing_from_another_loop_and_after_the_hosts_has_ended(provider: ScriptedProvider) -> None:
    runtime = Runtime(provider.endpoint()).open()
    handle = runtime.spawn().send("hello")
    asyncio.run(runtime.aclose())
    assert handle.done()
    loop = asyncio.new_event_loop()
    runtime = loop.run_until_complete(Runtime(provider.endpoint()).__aenter__())
    handle = runtime.spawn().send("never")
    runtime.close()  # its loop stands still
    assert handle.done()
    loop.close()


def test_a_runtime_that_was_closed_says_nothing(provider: ScriptedProvider) -> None:
    with Runtime(provider.endpoint()) as runtime:
        runtime.spawn().run("hello")
    del runtime
    gc.collect()


@pytest.mark.parametrize(
    "source",
    [
        "runtime = Runtime(endpoint).open(); print(runtime.spawn().run('hello').text)",
        """
runtime = Runtime(endpoint).open()
stream = runtime.spawn(id='held').stream('hello')
next(stream)
print('fine')
""",
        """
runtime = Runtime(endpoint).open()
handle = runtime.spawn().send('hello', on_event=lambda _: None)
print('fine')
""",
        "print(Runtime(endpoint).open().spawn().run('hello').text)",
        """
async def host():
    runtime = await Runtime(endpoint).__aenter__()
    print((await runtime.spawn().send('hello')).text)
asyncio.run(host())
""",
        """
async def host():
    global runtime, handle
    runtime = await Runtime(endpoint).__aenter__()
    handle = runtime.spawn(id='held').send('hello')
    await asyncio.sleep(0)
    print('fine')
asyncio.run(host())
""",
    ],
    ids=["idle", "streaming", "on_event", "temporary", "asyncio", "asyncio-streaming"],
)
def test_an_interpreter_exits_though_nobody_closed(source: str, provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("held", Reply("never", faults=(Pause(after=0, gate=gate),)))
    assert run(source, provider, model="held" if "held" in source else "m") == "fine\n"
    gate.set()


FORKED = """
with Runtime(endpoint) as runtime:
    session = runtime.spawn()
    session.run('warm up')
    stream, handle, events = session.stream('hello'), session.send('hello'), session.events()
    each, ended = runtime.map(['hello']), session.ended
    next(stream)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        attempts = {
            'spawn': runtime.spawn, 'sessions': runtime.sessions, 'drain': runtime.drain,
            'send': lambda: session.send('hello'), 'run': lambda: session.run('hello'),
            'history': session.history, 'ended': lambda: session.ended,
            'wait': handle.wait, 'result': stream.result, 'next': lambda: list(stream), 'events': lambda: list(events),
            'await': lambda: asyncio.run(wait(handle)), 'map': lambda: list(each),
            'future': ended.get, 'derived': ended.map(str).get, 'await future': lambda: asyncio.run(wait(ended)),
        }
        async def wait(it):
            await it
        said = []
        for name, attempt in attempts.items():
            try:
                attempt()
            except ForkedError as error:
                assert 'make a Runtime of your own' in str(error)
            else:
                said.append(name)
        session.close(), stream.close(), handle.cancel(), events.close(), session.cancel()
        with Runtime(endpoint) as own:
            said.append(own.spawn().run('hello').text)
        os.write(write, ' '.join(said).encode())
        os.close(write)
    else:
        os.close(write)
        assert os.read(read, 1000) == b'fine', 'what did not raise in the child'
        assert os.waitpid(pid, 0)[1] == 0
        print(''.join(event.text for event in stream if hasattr(event, 'first_seq')), handle.wait().text)
"""


def test_a_forked_child_gets_a_clear_error_and_can_have_its_own(provider: ScriptedProvider) -> None:
    assert run(FORKED, provider) == "fine fine\n"


def test_a_fork_does_not_disturb_its_parents_streams(provider: ScriptedProvider) -> None:
    source = """
runtime = Runtime(endpoint).open()
stream = runtime.spawn().stream('hello')
for event in stream:
    if type(event).__name__ == 'TextDelta':
        break
if os.fork() == 0:
    sys.exit()
os.wait()
open(sys.argv[2], 'w').close()
print(stream.result().text)
runtime.close()
"""
    gate = Gate()
    provider.script("gated", Reply("fine", delta_chars=1, faults=(Pause(after=1, gate=gate),)))
    source = source.replace("open(sys.argv[2], 'w').close()", "print('forked', flush=True)")
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + source, provider.base_url, "gated"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "forked\n"
        gate.set()
        assert process.stdout.readline() == "fine\n"
        assert process.wait(30) == 0


def test_multiprocessing_spawns_hosts(provider: ScriptedProvider) -> None:
    source = """
from concurrent.futures import ProcessPoolExecutor
import multiprocessing
from tests.hosts.spawned import ask
with Runtime(endpoint) as runtime, ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
    print(runtime.spawn().run('here').text, pool.submit(ask, endpoint, 'there').result().text)
    try:
        pool.submit(ask, Endpoint(base_url=endpoint.base_url, model='failing'), 'there').result()
    except TurnError as error:
        print(error.event.outcome.status)
"""
    provider.script("failing", Status(400))
    assert run(source, provider) == "fine fine\n400\n"
