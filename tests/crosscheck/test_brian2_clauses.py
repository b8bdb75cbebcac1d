"""What one step means, clause by clause, against Brian2 where it has the feature: spikes and traces of small networks.

The clauses are those of "What one step means" in docs/; each network makes one of them visible.
"""

import numpy as np
import pytest

pytestmark = pytest.mark.crosscheck

LISTENER = dict(equations="dx/dt = -x/tau : 1", method="exact", parameters=dict(tau=(10, "ms")), threshold=None)
LEAKY = dict(
    equations="dv/dt = (e_l - v)/tau_m : volt (unless refractory)\ndg/dt = -g/tau_m : volt",
    threshold="v > v_th",
    reset="v = v_reset",
    method="exact",
    parameters=dict(e_l=(-70, "mV"), v_th=(-50, "mV"), v_reset=(-65, "mV"), tau_m=(10, "ms")),
)


def spikes(*pairs, size):
    """Spikes as pairs of a step and a neuron."""
    steps, neurons = np.transpose(sorted(pairs))
    return dict(size=size, steps=steps, neurons=neurons)


def onto(source, target, pairs, delay=0.0, w=None, unit="1", **code):
    """Synapses as pairs of a source and a target, in the order of the targets."""
    sources, targets = np.transpose(pairs)
    assert (np.diff(targets) >= 0).all()
    full = np.broadcast_to
    values = {} if w is None else dict(w=(full(np.asarray(w, float), len(pairs)).copy(), unit))
    delays = full(np.asarray(delay, float), len(pairs)).copy()
    return dict(source=source, target=target, sources=sources, targets=targets, delay=delays, values=values, **code)


def one_to_one(number):
    return [(k, k) for k in range(number)]


def delays():
    """A delay is rounded to the nearest step, and may be 0."""
    lengths = [0.0, 0.049, 0.051, 0.149, 0.151, 0.26, 1.0, 2.34]
    number = len(lengths)
    return dict(
        populations=dict(
            input=spikes(*[(5, k) for k in range(number)], size=number), cells=dict(size=number, **LISTENER)
        ),
        projections=[onto("input", "cells", one_to_one(number), lengths, 1.0, on_pre="x += w")],
        traces=dict(cells=dict(x="1")),
    )


def projections_in_order():
    """Code of projections that arrive in one step runs in the order in which they were made."""
    cells = dict(size=2, **LISTENER)
    return dict(
        populations=dict(input=spikes((3, 0), (5, 1), (8, 0), size=2), cells=cells),
        projections=[
            onto("input", "cells", [(0, 0), (1, 1)], 0.4, 1.5, on_pre="x = 0.5*x + w"),
            onto("input", "cells", [(1, 0), (0, 1)], [0.2, 0.4], 0.7, on_pre="x = x*x + w"),
            onto("input", "cells", [(0, 0), (1, 1)], 0.4, 0.25, on_pre="x = x*w"),
        ],
        traces=dict(cells=dict(x="1")),
    )


def emissions_in_order():
    """Of one projection, the oldest spike acts first, then the source with the smaller number, then its synapses."""
    cells = dict(size=1, **LISTENER)
    pairs = [(2, 0), (0, 0), (1, 0), (1, 0)]
    return dict(
        populations=dict(input=spikes((3, 1), (5, 0), (5, 2), (8, 1), (8, 2), size=3), cells=cells),
        projections=[onto("input", "cells", pairs, [0.3, 0.3, 0.5, 0.5], [1, 2, 3, 4], on_pre="x = 0.5*x + w")],
        traces=dict(cells=dict(x="1")),
    )


def dropped_writes():
    """A variable held while refractory takes no writes then, from the step of the spike on; others do."""
    cells = 40
    pushed = [(20, k) for k in range(cells)]
    later = [(20 + k, cells + k) for k in range(cells)]
    return dict(
        populations=dict(
            input=spikes(*pushed, *later, size=2 * cells),
            cells=dict(size=cells, refractory="2*ms", initial=dict(v=(np.full(cells, -70.0), "mV")), **LEAKY),
        ),
        projections=[
            onto("input", "cells", one_to_one(cells), 0.0, 30.0, "mV", on_pre="v += w"),
            onto("input", "cells", [(cells + k, k) for k in range(cells)], 0.1, 3.0, "mV", on_pre="v += w; g += w"),
        ],
        traces=dict(cells=dict(v="mV", g="mV")),
    )


def jumps_last(reset, **more):
    """The reset of a step sees what was delivered in it."""
    cells = 30
    driven = LEAKY | dict(
        equations="dv/dt = (e_l - v)/tau_m : volt",
        reset=reset,
        parameters=dict(e_l=(-45, "mV"), v_th=(-50, "mV"), tau_m=(10, "ms")) | more,
    )
    kicks = [(step, k) for k in range(cells) for step in range(k, 200, 31)]
    return dict(
        populations=dict(
            input=spikes(*kicks, size=cells),
            cells=dict(size=cells, initial=dict(v=(np.linspace(-65, -50.01, cells), "mV")), **driven),
        ),
        projections=[
            onto("input", "cells", one_to_one(cells), 0.0, 1.3, "mV", on_pre="v += w"),
            onto("cells", "cells", one_to_one(cells), 0.0, 0.7, "mV", on_pre="v += w"),
        ],
        traces=dict(cells=dict(v="mV")),
    )


def condition_for_refractory():
    """A condition prolongs what a spike began; where it holds without a spike, a cell is free."""
    cells = dict(
        size=20,
        equations="dv/dt = (e_l - v)/tau_m : volt\ne_l : volt (constant)",
        threshold="v > -45*mV",
        refractory="v > -40*mV",
        method="exact",
        parameters=dict(tau_m=(10, "ms")),
        varied=dict(e_l=(np.linspace(-60, -30, 20), "mV")),
        initial=dict(v=(np.linspace(-30, -70, 20), "mV")),
    )
    return dict(populations=dict(cells=cells), projections=[], traces=dict(cells=dict(v="mV")))


def refractory_steps(flag):
    """A cell is free again t_ref/dt steps after its spike, rounded down; it takes no spike before."""
    lengths = np.array([0.0, 0.05, 0.1, 1.0, 1.04, 1.05, 1.06, 1.09, 2.0, 2.3])
    cells = dict(
        size=len(lengths),
        equations=f"dv/dt = (-40*mV - v)/tau_m : volt{flag}\nt_ref : second (constant)",
        threshold="v > -50*mV",
        reset="v -= 3*mV",
        refractory="t_ref",
        method="exact",
        parameters=dict(tau_m=(10, "ms")),
        varied=dict(t_ref=(lengths, "ms")),
        initial=dict(v=(np.full(len(lengths), -55.0), "mV")),
    )
    return dict(populations=dict(cells=cells), projections=[], traces=dict(cells=dict(v="mV")))


def continuous_coupling():
    """Sums over synapses are those of the states at the beginning of the step."""
    random = np.random.default_rng(7)
    cells = dict(
        size=20,
        equations="dv/dt = (g_l*(e_l - v) + i_gap)/c_m : volt\ne_l : volt (constant)",
        threshold="v > -50*mV",
        reset="v = -65*mV",
        method="euler",
        parameters=dict(g_l=(10, "nS"), c_m=(100, "pF")),
        varied=dict(e_l=(np.linspace(-55, -40, 20), "mV")),
        initial=dict(v=(random.uniform(-65, -50, 20), "mV")),
        inputs=dict(i_gap="pA"),
    )
    pairs = sorted({tuple(pair) for pair in random.integers(20, size=(80, 2)).tolist()}, key=lambda pair: pair[::-1])
    gap = onto("cells", "cells", pairs) | dict(
        values=dict(g=(random.uniform(0.2, 1, len(pairs)), "nS")),
        equations="i_gap_post = g*(v_pre - v_post) : amp (summed)",
        ours=dict(equations="i_gap = g*(v_pre - v_post) : amp (summed)\ng : nS", into="i_gap"),
    )
    return dict(populations=dict(cells=cells), projections=[gap], traces=dict(cells=dict(v="mV")))


def stimulus(method):
    """A sample of a stimulus holds for its whole step."""
    samples = np.random.default_rng(8).normal(200, 300, (500, 5))
    cells = dict(
        size=5,
        equations="dv/dt = (g_l*(-70*mV - v) + i_ext)/c_m : volt",
        threshold="v > -50*mV",
        reset="v = -70*mV",
        method=method,
        parameters=dict(g_l=(10, "nS"), c_m=(100, "pF")),
        initial=dict(v=(np.full(5, -70.0), "mV")),
        stimuli=dict(i_ext=(samples, "pA")),
    )
    return dict(populations=dict(cells=cells), projections=[], traces=dict(cells=dict(v="mV")))


def saturation():
    """Code that is not a sum sees what the synapses before it have written."""
    random = np.random.default_rng(9)
    fired = random.integers([400, 10], size=(300, 2)).tolist()
    pairs = sorted(((k, j) for k in range(10) for j in range(4)), key=lambda pair: pair[1])
    weights = random.uniform(0, 0.5, len(pairs))
    return dict(
        populations=dict(input=spikes(*{tuple(pair) for pair in fired}, size=10), cells=dict(size=4, **LISTENER)),
        projections=[onto("input", "cells", pairs, 0.2, weights, on_pre="x += w*(1 - x)")],
        traces=dict(cells=dict(x="1")),
    )


def read_on_arrival():
    """Code reads the source when the spike arrives, not when it left."""
    source = dict(
        size=2,
        equations="dv/dt = (-40*mV - v)/tau_m : volt\ndy/dt = -y/tau_m : 1",
        threshold="v > -50*mV",
        reset="v = -60*mV; y += 1",
        method="exact",
        parameters=dict(tau_m=(10, "ms")),
        initial=dict(v=(np.array([-60.0, -57.0]), "mV")),
    )
    return dict(
        populations=dict(source=source, cells=dict(size=2, **LISTENER)),
        projections=[onto("source", "cells", one_to_one(2), [0.0, 1.7], 2.0, on_pre="x_post += w*y_pre")],
        traces=dict(cells=dict(x="1")),
    )


def several_events():
    """All events are tested on the state after the flow; the spike's reset is first, then the others' as declared."""
    cells = dict(
        size=6,
        equations="dv/dt = (-40*mV - v)/tau_m : volt\ndx/dt = -x/tau_m : 1",
        threshold="v > -50*mV",
        reset="v = -60*mV; x += 0.5",
        refractory="1*ms",
        method="exact",
        events=dict(high=("v > -52*mV", "x = x*0.9 + 0.02"), wide=("x > 0.6", "x = x - 0.3")),
        parameters=dict(tau_m=(10, "ms")),
        initial=dict(v=(np.linspace(-70, -50, 6), "mV")),
    )
    return dict(populations=dict(cells=cells), projections=[], traces=dict(cells=dict(v="mV", x="1")))


CASES = {
    "delays": delays(),
    "projections in order": projections_in_order(),
    "emissions in order": emissions_in_order(),
    "dropped writes": dropped_writes(),
    "jumps last, absolute": jumps_last("v = v_reset", v_reset=(-65, "mV")),
    "jumps last, relative": jumps_last("v -= 8*mV"),
    "condition for refractory": condition_for_refractory(),
    "refractory steps, held": refractory_steps(" (unless refractory)"),
    "refractory steps, moving": refractory_steps(""),
    "continuous coupling": continuous_coupling(),
    "stimulus, euler": stimulus("euler"),
    "stimulus, rk4": stimulus("rk4"),
    "saturation": saturation(),
    "read on arrival": read_on_arrival(),
    "several events": several_events(),
}
for _case in CASES.values():
    _case["duration"] = 50


@pytest.fixture(scope="module")
def results(both_sides):
    return both_sides(CASES)


@pytest.mark.parametrize("case", CASES)
def test_a_step_means_what_it_means_in_brian2(results, case):
    ours, theirs = results[case]
    for key in theirs:
        if key.endswith(("/steps", "/neurons")):
            assert ours[key].tolist() == theirs[key].tolist(), key
        else:
            assert np.ptp(theirs[key]) > 0.1, key
            np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-9, atol=1e-11, err_msg=key)
