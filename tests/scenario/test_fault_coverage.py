"""What comes of every fault at every place, written down: a change of behaviour shows here first."""

# ruff: noqa: E501 - a table

from __future__ import annotations

from typing import get_args

import pytest

from actors import provider
from actors.provider import Fault, InBandError, Reply, Toxic
from actors.scenario.loader import load
from actors.scenario.report import Report, complaints
from tests import manual
from tests.scenario.coverage import PART, PATH, cover, shown

EXPECTED = """
fault                 | before headers          | before first delta  | in thought          | in text             | in tool call        | after finish    | all along
refused               | transport:connect ↻     | -                   | -                   | -                   | -                   | -               | -
reset                 | transport:reset ↻       | transport:read ↻    | transport:read ↻    | transport:read ↻    | transport:read ↻    | complete        | -
hung up               | transport:reset ↻       | transport:read ↻    | transport:read ↻    | transport:read ↻    | transport:read ↻    | complete        | -
end of file           | transport:reset ↻       | truncated ↻         | truncated ↻         | truncated ↻         | truncated ↻         | complete        | -
stall                 | stalled:first_event ↻   | stalled:idle ↻      | stalled:idle ↻      | stalled:idle ↻      | stalled:idle ↻      | complete        | -
keep-alives only      | -                       | stalled:idle ↻      | stalled:idle ↻      | stalled:idle ↻      | stalled:idle ↻      | complete        | -
a pause               | complete                | complete            | complete            | complete            | complete            | complete        | -
keep-alives, then on  | -                       | complete            | complete            | complete            | complete            | complete        | -
error, as an event    | -                       | in_band_error ↻     | in_band_error ↻     | in_band_error ↻     | in_band_error ↻     | in_band_error ↻ | -
error, beside choices | -                       | in_band_error ↻     | in_band_error ↻     | in_band_error ↻     | in_band_error ↻     | in_band_error ↻ | -
error, as a field     | -                       | in_band_error ↻     | in_band_error ↻     | in_band_error ↻     | in_band_error ↻     | in_band_error ↻ | -
error, plain          | -                       | in_band_error ↻     | in_band_error ↻     | in_band_error ↻     | in_band_error ↻     | in_band_error ↻ | -
error, the request's  | -                       | in_band_error ✘     | in_band_error ✘     | in_band_error ✘     | in_band_error ✘     | in_band_error ✘ | -
bad JSON              | -                       | protocol:bad_json ↻ | protocol:bad_json ↻ | protocol:bad_json ↻ | protocol:bad_json ↻ | complete        | -
bad chunk             | -                       | protocol:bad_http ↻ | protocol:bad_http ↻ | protocol:bad_http ↻ | protocol:bad_http ↻ | complete        | -
bad UTF-8             | -                       | complete            | complete            | complete            | complete            | complete        | -
stray bytes           | -                       | complete            | complete            | complete            | complete            | complete        | -
bad status line       | protocol:bad_http ↻     | -                   | -                   | -                   | -                   | -               | -
a web page            | protocol:not_a_stream ↻ | -                   | -                   | -                   | -                   | -               | -
status 400            | http_error:400 ✘        | -                   | -                   | -                   | -                   | -               | -
status 401            | http_error:401 ✘        | -                   | -                   | -                   | -                   | -               | -
status 408            | http_error:408 ↻        | -                   | -                   | -                   | -                   | -               | -
status 429            | http_error:429 ↻        | -                   | -                   | -                   | -                   | -               | -
status 429, quota     | http_error:429 ✘        | -                   | -                   | -                   | -                   | -               | -
status 500            | http_error:500 ↻        | -                   | -                   | -                   | -                   | -               | -
status 503            | http_error:503 ↻        | -                   | -                   | -                   | -                   | -               | -
redirect              | http_error:307 ✘        | -                   | -                   | -                   | -                   | -               | -
toxic timeout         | transport:reset ↻       | -                   | -                   | -                   | -                   | -               | -
toxic timeout 0       | stalled:first_event ↻   | -                   | -                   | -                   | -                   | -               | -
toxic reset_peer      | transport:reset ↻       | -                   | -                   | -                   | -                   | -               | -
toxic limit_data      | transport:reset ↻       | transport:read ↻    | transport:read ↻    | transport:read ↻    | transport:read ↻    | complete        | -
toxic latency         | -                       | -                   | -                   | -                   | -                   | -               | complete
toxic bandwidth       | -                       | -                   | -                   | -                   | -                   | -               | complete
toxic slicer          | -                       | -                   | -                   | -                   | -                   | -               | complete
toxic slow_close      | -                       | -                   | -                   | -                   | -                   | -               | complete
"""
BY_THE_READ = "bad chunk", "after finish"
"""On the wire it goes by whether the bad chunk comes in one read with the finish reason: aiohttp then keeps both back."""
EITHER = {"complete", "protocol:bad_http ↻"}
PATIENT_S = 3.0
"""On the wire nothing but silence may be so late, on a slow machine too."""


def cells(rows: list[tuple[str, ...]]) -> dict[tuple[str, str], str]:
    columns = rows[0]
    return {
        (row[0], column): cell for row in rows[1:] for column, cell in zip(columns[1:], row[1:], strict=True)
    }


WRITTEN = cells([tuple(cell.strip() for cell in line.split("|")) for line in EXPECTED.strip().splitlines()])


def found(report: Report) -> dict[tuple[str, str], str]:
    assert report.passed, list(complaints(report))
    (table,) = report.tables
    return cells([table.columns, *table.rows])


@pytest.fixture(scope="module")
def simulated() -> Report:
    return cover("sim")


def test_each_cell_in_simulated_time(simulated: Report) -> None:
    assert found(simulated) == WRITTEN


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_cell_goes_by_the_seed(seed: int) -> None:
    assert found(cover("sim", seed)) == WRITTEN


def test_each_cell_on_the_wire() -> None:
    cells = found(cover("wire", patience_s=PATIENT_S))
    assert cells.pop(BY_THE_READ) in EITHER
    assert cells == {place: cell for place, cell in WRITTEN.items() if place != BY_THE_READ}


def with_effects(cell: str) -> str:
    """What a cell says where the call is carried out: its effect happens once, or never where the turn fails."""
    return f"{cell} x0" if "✘" in cell else f"{cell} x1"


WITH_TOOLS = {place: with_effects(cell) for place, cell in WRITTEN.items() if cell != "-"}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_tool_takes_effect_once_or_never_in_each_cell_in_simulated_time(seed: int) -> None:
    cells = found(cover("sim", seed, tools=True))
    assert {place: cell for place, cell in cells.items() if cell != "-"} == WITH_TOOLS


def test_a_tool_takes_effect_once_or_never_in_each_cell_on_the_wire() -> None:
    cells = found(cover("wire", patience_s=PATIENT_S, tools=True))
    assert cells.pop(BY_THE_READ) in {with_effects(cell) for cell in EITHER}
    by_place = {place: cell for place, cell in cells.items() if cell != "-"}
    assert by_place == {place: cell for place, cell in WITH_TOOLS.items() if place != BY_THE_READ}


def test_none_is_unhandled() -> None:
    assert not [cell for cell in WRITTEN.values() if "internal" in cell or "cancelled" in cell]


def test_every_fault_that_the_provider_knows_is_there() -> None:
    struck = [what for _, _, what in load(PATH).script.__globals__["CELLS"]]
    faults = [fault for what in struck if isinstance(what, Reply) for fault in what.faults]
    used = {type(one) for one in (*struck, *faults)}
    toxics = {
        kind
        for name in provider.__all__
        if isinstance(kind := getattr(provider, name), type) and issubclass(kind, Toxic)
    }
    assert set(get_args(Fault)) - used == {provider.Pause}  # which is a test's handshake
    assert toxics - used == {Toxic}
    assert {provider.Status, provider.Redirect, provider.RawBody} <= used
    shapes = {fault.shape for fault in faults if isinstance(fault, InBandError)}
    assert shapes == {"event", "beside_choices", "field", "plain"}


def test_the_manual_shows_it(simulated: Report) -> None:
    assert manual.read(PART) == shown(simulated)
