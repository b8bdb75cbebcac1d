"""Pictures as text, letter by letter."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.spikes import SpikeTrains

RASTER = """\
data  0 │█         █         █
      1 │     █         █
model 0 │█          █        █
      1 │     █         █
         0                        30 ms"""

TRACE = """\
 20 │   █
    │   █
    │   █
    │   █     ▁▁▁▁▁▁▁▁▁▁
-70 │▅▆▆█▄▆▇████████████
     0            200 ms"""


def test_a_raster_of_data_and_model():
    data = SpikeTrains.from_lists([[0.5, 10.5, 20.5], [5.5, 15.5]], t_stop=30)
    model = SpikeTrains.from_lists([[0.5, 11.5, 20.5], [5.5, 15.5]], t_stop=30)
    assert lq.plot.terminal_raster({"data": data, "model": model}, width=39) == RASTER


def test_a_trace_keeps_the_spike():
    times = np.arange(0, 200, 0.5)
    after = times >= 41
    values = np.where(after, -50 - 20 * np.exp(-(times - 41) / 20), -55 - 5 * np.exp(-times / 20))
    values[80] = 20.0
    assert lq.plot.terminal_trace(values, times, width=24, height=5) == TRACE


def test_a_recorded_trace():
    answer = lq.simulate(lq.neurons.lif, "50 ms", inputs={"i_ext": "300 pA"}, record="v", dt="0.1 ms")
    trace = answer.traces["v"]
    lines = lq.plot.terminal_trace(trace, width=40, height=4).split("\n")
    assert len(lines) == 5
    assert max(map(len, lines)) <= 40
    assert lines[0].split()[0] == f"{trace.values.max():.4g}"
    assert lines[3].split()[0] == f"{trace.values.min():.4g}"
    assert lines[-1].endswith("50 ms")
    part = lq.plot.terminal_trace(trace, width=40, height=4, window=("10 ms", 20)).split("\n")
    assert part[-1].split() == ["10", "20", "ms"]


def test_gaps_constants_and_single_values():
    gap = lq.plot.terminal_trace([1.0, np.nan, np.nan, 2.0] * 3, width=15, height=1, label="trials")
    assert gap.split("\n")[0] == "2 │▁  █▁  █▁  █"
    assert gap.endswith("12 trials")
    few = lq.plot.terminal_trace([1.0, np.nan, 2.0], [0, 4, 8], width=15, height=1)
    assert few.split("\n")[0] == "2 │▁▁▁▁    ████"
    assert "▁" * 10 in lq.plot.terminal_trace([3.0] * 10, width=13, height=2)
    assert lq.plot.terminal_trace([5.0], width=13, height=1).startswith("5 │▁")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([np.nan, np.inf],), {}, "no finite value"),
        (([1.0, 2.0], [1.0]), {}, "as many times"),
        ((np.zeros((2, 2)),), {}, "a row of values"),
        (([1.0, 2.0],), {"width": 12}, "leaves 9 columns"),
        (([1.0, 2.0],), {"window": (5, 5)}, "must have a length"),
    ],
)
def test_traces_that_cannot_be_shown(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        lq.plot.terminal_trace(*arguments, **options)
