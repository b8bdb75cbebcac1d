"""Gradients of neurons with closed forms, against central differences; what caused a spike; trials and threads."""

import copy
import io

import numpy as np
import pytest
import torch

import lapicque as lq
from lapicque.units import ms

EXACT = 1e-6  # of differences of 1e-6; what is asked for is 1e-4

paced = lq.Neuron(  # a state that stands still between events and sets the pace of others
    """
    dv/dt = (i - g*v)/tau : 1 (unless refractory)
    di/dt = -i/tau_s : 1
    dg/dt = 0*Hz : 1
    dw/dt = (0.1*v*g - w)/tau_w : 1
    """,
    threshold="v > 1 + w", reset="v = 0; g *= 0.95; w += 0.1", refractory="2 ms", initial=dict(g=1.0), name="paced",
    parameters=dict(tau="20 ms", tau_s="5 ms", tau_w="40 ms"),
)  # fmt: skip
qif_with_current = lq.Neuron(  # a quadratic flow with a current that decays has no closed form
    "dv/dt = (v*(v - 1) + k + i)/tau_m : 1\ndi/dt = -i/tau_s : 1", threshold="v > v_peak", reset="v = v_reset",
    parameters=dict(tau_m="10 ms", tau_s="4 ms", k=0.6, v_peak=8.0, v_reset=-1.0), name="qif_with_current",
)  # fmt: skip
two_compartments = lq.Neuron(
    """
    dv/dt = (g*(u - v) - v)/tau_m : 1 (unless refractory)
    du/dt = (g*(v - u) - u + i)/tau_d : 1
    di/dt = -i/tau_s : 1
    """,
    threshold="v > v_th", reset="v = 0; u *= 0.9", refractory="t_ref", name="two_compartments",
    parameters=dict(tau_m="10 ms", tau_d="15 ms", tau_s="5 ms", g=0.8, v_th=0.3, t_ref="2 ms"),
)  # fmt: skip


def net_of(cases, cell, receives, step="0.1 ms", **options):
    return lq.train.EventProp(cases.module(cell, receives, **options), "25 ms", every="5 ms", step=step)


def close(found, most=EXACT):
    assert found
    assert max(found.values()) < most, found


def squares(net, outputs):
    """Of each trial: an integral of v squared, the highest v seen, and squares of spikes' times."""
    times, v = outputs
    late = torch.where(times.isfinite(), times, 0.0)
    return 5.0 * (v**2).sum((0, 2)) + v.amax((0, 2)) + (late**2).sum((1, 2)) / 100


# -- every value of a network, of each kind of neuron ------------------------------------------------------------------


def test_neurons_with_currents(cases, lif_net):
    """Weights, delays, time constants, threshold, refractory time, reset and initial value, with recurrence."""
    times, v = lif_net(cases.spikes())
    assert lif_net.exact == {"cells": True}
    assert times.isfinite().sum() > 20
    assert v.shape == (5, 3, 3)
    found = cases.errors(lif_net, cases.spikes())
    learned = ["tau_m", "tau_s", "v_th", "v_reset", "t_ref", "v_0"]
    groups = [*(f"cells:{p}" for p in learned), "cells_0:w", "cells_0:delay", "input_0:w", "input_0:delay"]
    assert set(found) == {*(f"net.raw.{g}" for g in groups), "given 0"}
    assert all(slope.any() for slope in cases.gradients(lif_net, cases.spikes()).values())
    close(found)


def test_integrals_and_maxima(cases, lif_net):
    close(cases.errors(lif_net, cases.spikes(seed=1), of=squares))


def test_values_of_each_neuron(cases, lif_net):
    learn = {"cells.tau_m": "neuron", "cells.tau_s": "scalar", "cells.v_th": "neuron"}
    learn |= {"cells.v_reset": "scalar", "cells.t_ref": "neuron", "cells.v_0": "neuron"}
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)], as_mapping=learn)
    net = lq.train.EventProp(made, "25 ms", every="5 ms")
    assert made.raw["cells:t_ref"].shape == (3,)
    close(cases.errors(net, cases.spikes()))


@pytest.mark.crosscheck
def test_alpha_currents_and_several_receptors(cases):
    net = net_of(cases, cases.alpha, [("u_post += w", 2.2, 0.8), ("j_post += w", 0.4, 0.3)])
    assert net.exact == {"cells": True}
    assert net(cases.spikes())[0].isfinite().sum() > 8
    close(cases.errors(net, cases.spikes()))


@pytest.mark.crosscheck
def test_quadratic_neurons_and_an_input_that_changes(cases):
    """An input with a value for each step; spikes raise v itself."""
    net = net_of(cases, cases.qif, [("v_post += w", 0.5, 0.3)], given=("input", "cells.i"))
    drive = 0.1 * torch.randn((10, 3, 3), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert net.exact == {"cells": True}
    assert net(cases.spikes(), drive)[0].isfinite().sum() > 20
    close(cases.errors(net, cases.spikes(), drive))
    close(cases.errors(net, cases.spikes(), drive[0]))  # a value for the whole trial


@pytest.mark.crosscheck
def test_states_that_set_the_pace_of_others(cases):
    net = net_of(cases, paced, [("i_post += w; g_post += 0.1*w", 1.7, 0.6)])
    assert net.exact == {"cells": True}
    close(cases.errors(net, cases.spikes()))


@pytest.mark.crosscheck
@pytest.mark.parametrize(("cell", "w"), [(qif_with_current, (1.0, 0.4)), (two_compartments, (2.0, 0.8))])
def test_neurons_without_closed_forms_here(cases, cell, w):
    """They go in steps, and gradients are those of what the steps compute, nearly: asked for is 1e-4."""
    net = net_of(cases, cell, [("i_post += w", *w)])
    assert net.exact == {"cells": False}
    assert net(cases.spikes())[0].isfinite().sum() > 8
    found = cases.errors(net, cases.spikes())
    print(cell.name, {name: f"{e:.1e}" for name, e in found.items()})
    close(found, 1e-5)


# -- what sets a spike off ---------------------------------------------------------------------------------------------


def single(cases, w=2.0, own=None, delay=1.0, **values):
    """Return a neuron, with one input and a synapse onto itself."""
    made = cases.module(cases.lif, [("i_post += w", w, own if own is not None else 0.0)], inputs=1, size=1)
    with torch.no_grad():
        for name, value in {"input_0:delay": np.log(delay), **values}.items():
            made.raw[name].fill_(value)
    return lq.train.EventProp(made, "25 ms", every="5 ms")


def times_of(*times):
    return torch.tensor([[list(times)]], dtype=torch.float64)


def test_a_spike_at_the_end_of_refractoriness(cases, lif_net):
    """The current keeps the neuron above its threshold: it spikes as soon as it may, t_ref after its last spike."""
    net = single(cases, **{"cells:v_reset": 1.2, "input_0:w": 9.0})
    times, _ = net(times_of(1.0))
    intervals = times[0, 0].diff().detach()
    assert len(intervals) > 3
    torch.testing.assert_close(intervals, torch.full_like(intervals, 2.0))
    close(cases.errors(net, times_of(1.0)))
    # the n-th spike moves by n - 1 refractory times
    found = cases.gradients(net, times_of(1.0), of=lambda net, outputs: outputs[0][:, 0, 3])
    assert found["net.raw.cells:t_ref"].item() == pytest.approx(3 * 2.0)  # of the logarithm of 2 ms


def test_a_look_at_the_end_of_refractoriness_changes_nothing(cases, lif_net):
    """Spikes at 0, 2 and 4 ms, where v is read too: they move with the refractory time, and with nothing else."""
    made = single(cases, **{"cells:v_0": 1.3, "cells:v_reset": 1.2}).net
    net = lq.train.EventProp(made, "5 ms", every="1 ms")
    times, _ = net(times_of(4.5))
    assert times[0, 0].tolist() == [0.0, 2.0, 4.0]
    found = cases.gradients(net, times_of(4.5), of=lambda net, outputs: outputs[0][:, 0, 2])
    assert found.pop("net.raw.cells:t_ref").item() == pytest.approx(2 * 2.0)  # of the logarithm
    assert all(not slope.any() for slope in found.values())


def test_a_spike_that_an_arrival_causes(cases):
    """An arrival lifts v over the threshold: the spike is at its time, whatever the weight; v after it is not."""
    net = net_of(cases, cases.qif, [("v_post += w", 2.0, 2.0)], given=("input", "cells.i"), inputs=1, size=1)
    made = net.net
    with torch.no_grad():
        made.raw["input_0:w"].fill_(12.0)
        made.raw["cells_0:delay"].fill_(np.log(3.0))
    given, nothing = times_of(2.0, 9.0), torch.zeros((1, 1), dtype=torch.float64)
    late = made.value("input_0.delay").item()
    times, _ = net(given, nothing)
    torch.testing.assert_close(times[0, 0, :2].detach(), torch.tensor([2.0, 9.0], dtype=torch.float64) + late)
    close(cases.errors(net, given, nothing, of=lambda net, outputs: outputs[1].sum((0, 2))))
    found = cases.gradients(net, given, nothing, of=lambda net, outputs: outputs[0][:, 0, 1])
    assert found["given 0"].flatten().tolist() == pytest.approx([0.0, 1.0])
    assert found["net.raw.input_0:delay"].item() == pytest.approx(late)  # of the logarithm
    assert found["net.raw.input_0:w"].item() == found["net.raw.cells:v_peak"].item() == 0.0


def test_a_spike_at_the_beginning(cases, lif_net):
    """A neuron that begins above its threshold spikes at 0 ms, which nothing moves."""
    net = single(cases, **{"cells:v_0": 1.3})
    times, _ = net(times_of(1.3))
    assert times[0, 0, 0] == 0.0
    found = cases.gradients(net, times_of(1.3), of=lambda net, outputs: outputs[0][:, 0, 0])
    assert all(not slope.any() for slope in found.values())
    expected = cases.differences(net, times_of(1.3))
    assert expected["net.raw.cells:v_0"].item() == 0.0  # the reset forgets it
    found = cases.gradients(net, times_of(1.3))
    for name, slope in expected.items():
        torch.testing.assert_close(found[name], slope, rtol=1e-6, atol=1e-8)


def test_a_spike_acts_on_its_neuron_without_delay(cases, lif_net):
    net = single(cases, own=2.0, w=2.0)
    with torch.no_grad():
        net.net.raw["cells_0:delay"].fill_(-torch.inf)  # exp(-inf) = 0 ms
        net.net.raw["input_0:w"].fill_(6.0)
        net.net.raw["cells_0:w"].fill_(3.0)
    times, _ = net(times_of(1.3, 3.1))
    assert times.shape[2] > 1
    found, expected = cases.gradients(net, times_of(1.3, 3.1)), cases.differences(net, times_of(1.3, 3.1))
    for name, slope in expected.items():
        if name != "net.raw.cells_0:delay":
            torch.testing.assert_close(found[name], slope, rtol=1e-6, atol=1e-8)


def test_delays_longer_than_a_trial(cases, lif_net):
    net = single(cases, w=30.0)
    with torch.no_grad():
        net.net.raw["input_0:delay"].fill_(np.log(30.0))
    found = cases.gradients(net, times_of(1.0))
    assert net(times_of(1.0))[0].shape[2] == 0
    assert found["net.raw.input_0:w"].item() == found["net.raw.input_0:delay"].item() == 0.0
    assert found["net.raw.cells:tau_m"].item() != 0.0  # v decays from where it begins


def test_spikes_at_one_time(cases, lif_net):
    """Two arrivals at one time are as good as one of both weights, and gradients are shared as they are."""
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)], inputs=2, size=1)
    with torch.no_grad():
        made.raw["input_0:delay"].fill_(0.0)
        made.raw["input_0:w"].fill_(4.0)
    net = lq.train.EventProp(made, "25 ms", every="5 ms")
    both = torch.tensor([[[3.0], [3.0]]], dtype=torch.float64)
    found = cases.gradients(net, both)
    assert found["net.raw.input_0:w"][0] == pytest.approx(found["net.raw.input_0:w"][1].item(), rel=1e-12)
    assert found["given 0"][0, 0, 0] == pytest.approx(found["given 0"][0, 1, 0].item(), rel=1e-9)
    close(cases.errors(net, both))


def test_a_silent_neuron_is_raised_where_it_comes_closest(cases):
    """A spike that arrives lifts v, not far enough: right after it the margin is pushed, by its weight."""
    made = cases.module(cases.qif, [("v_post += w", 0.5, 0.5)], given=("input", "cells.i"), inputs=1, size=1)
    options = dict(every="5 ms", activity=lq.train.Activity("cells", low=2, strength=0.25))
    net = lq.train.EventProp(made, "25 ms", **options)
    given, below = times_of(2.3), torch.full((1, 1), -1.0, dtype=torch.float64)
    with torch.no_grad():
        made.raw["input_0:w"].fill_(0.9)
    assert net(given, below)[0].shape[2] == 0
    found = cases.gradients(net, given, below, of=lambda net, outputs: 0.0 * outputs[1].sum((0, 2)))
    assert found["net.raw.input_0:w"].item() == pytest.approx(-2 * 0.25)  # of two spikes that are missing
    assert found["net.raw.cells:v_peak"].item() == pytest.approx(2 * 0.25)


# -- trials ------------------------------------------------------------------------------------------------------------


def test_nothing_comes_in(cases, lif_net):
    """No spikes, spikes that are all infinite, and no trials."""
    silent = lif_net(torch.zeros((2, 4, 0)))
    infinite = lif_net(torch.full((2, 4, 3), torch.inf))
    assert silent[0].shape == infinite[0].shape == (2, 3, 0)
    assert torch.equal(silent[1], infinite[1])
    assert silent[1].shape == (5, 2, 3)
    torch.testing.assert_close(silent[1][0, 0, 0].item(), 0.1 * np.exp(-5 / 20))


def test_no_trials(cases, lif_net):
    nothing = torch.zeros((0, 4, 2), requires_grad=True)
    times, v = lif_net(nothing)
    assert times.shape[:2] == (0, 3)
    assert v.shape == (5, 0, 3)
    lif_net.zero_grad()
    (times.sum() + v.sum()).backward()
    assert nothing.grad is None or nothing.grad.shape == (0, 4, 2)
    assert all(raw.grad is None or not raw.grad.any() for raw in lif_net.net.raw.values())


def test_threads_do_not_matter(cases, lif_net):
    """Sums over trials are in one order: gradients are the same to the last bit."""
    given, found = cases.spikes(trials=27), []
    for threads in (1, 2, 3):
        net = lq.train.EventProp(lif_net.net, "25 ms", every="5 ms", threads=threads)
        outputs = net(given)
        found.append((outputs, cases.gradients(net, given, of=whole)))
    for outputs, slopes in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(outputs, found[0][0], strict=True))
        assert all(torch.equal(slopes[name], found[0][1][name]) for name in slopes)


def whole(net, outputs):
    times, v = outputs
    return torch.where(times.isfinite(), times, 0.0).sum((1, 2)) + (v**2).sum((0, 2))


def test_what_else_is_in_a_batch_does_not_matter(cases, lif_net):
    given = cases.spikes(trials=11)
    together = cases.gradients(lif_net, given, of=whole)
    apart = [cases.gradients(lif_net, given[t : t + 1], of=whole) for t in range(11)]
    for name, slope in together.items():
        if name == "given 0":
            assert torch.equal(slope, torch.cat([one[name] for one in apart]))
        else:
            torch.testing.assert_close(slope, sum(one[name] for one in apart), rtol=1e-12, atol=1e-12)
    later = lif_net(given.flip(0))
    for a, b in zip(later, lif_net(given), strict=True):
        k = 0 if a.ndim == 3 and a.shape[0] == 11 else 1
        assert torch.equal(a, b.flip(k))


def test_memory_grows_with_spikes_and_not_with_time(cases, lif_net):
    lif_net(cases.spikes())
    short = lif_net.bytes
    longer = lq.train.EventProp(lif_net.net, "1000 ms", every="200 ms")
    times, _ = longer(cases.spikes())
    assert times.shape[2] < 20  # the spikes that are given stop
    assert longer.bytes < 1.5 * short


def test_single_precision(cases, lif_net):
    made = copy.deepcopy(lif_net.net).float()
    net = lq.train.EventProp(made, "25 ms", every="5 ms")
    times, v = net(cases.spikes().float())
    assert times.dtype == v.dtype == torch.float32
    torch.testing.assert_close(times.double(), lif_net(cases.spikes())[0], rtol=1e-5, atol=1e-5)
    found, expected = cases.gradients(net, cases.spikes().float()), cases.gradients(lif_net, cases.spikes())
    for name, slope in found.items():
        assert slope.dtype == torch.float32
        torch.testing.assert_close(slope.double(), expected[name], rtol=1e-3, atol=1e-3)


def test_views_and_whole_numbers(cases, lif_net):
    given = cases.spikes()
    strided = given.transpose(0, 1).contiguous().transpose(0, 1)
    assert not strided.is_contiguous()
    assert torch.equal(lif_net(strided)[0], lif_net(given)[0])
    whole = given.round().long()
    assert torch.equal(lif_net(whole)[0], lif_net(whole.double())[0])
    shuffled = given.flip(2)  # in any order
    assert torch.equal(lif_net(shuffled)[0], lif_net(given)[0])


def test_no_gradient_is_asked_for(cases, lif_net):
    with torch.no_grad():
        times, _ = lif_net(cases.spikes())
    assert not times.requires_grad
    lif_net.zero_grad()
    lif_net(cases.spikes())[1].sum().backward()  # of one of the outputs alone
    assert lif_net.net.raw["input_0:w"].grad.any()


def test_copies(cases, lif_net):
    """Copies, pickles and saved values give the same and share nothing."""
    given = cases.spikes()
    expected = lif_net(given)
    buffer = io.BytesIO()
    torch.save(lif_net, buffer)
    buffer.seek(0)
    for net in (copy.deepcopy(lif_net), torch.load(buffer, weights_only=False)):
        assert repr(net) == repr(lif_net)
        assert all(torch.equal(a, b) for a, b in zip(net(given), expected, strict=True))
        with torch.no_grad():
            net.net.raw["input_0:w"].mul_(2.0)
        assert not torch.equal(net(given)[1], expected[1])
        net.load_state_dict(lif_net.state_dict())
        assert torch.equal(net(given)[1], expected[1])
    assert torch.equal(lif_net(given)[1], expected[1])


def test_spikes_that_are_given_and_returned(cases, lif_net):
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)], outputs=("input", "cells", "cells.v"))
    close(cases.errors(lq.train.EventProp(made, "25 ms", every="5 ms"), cases.spikes()))


def test_spikes_of_the_network_itself(cases, lif_net):
    """Spikes that the network lists come at their times, not in steps of the module."""
    given = cases.spikes(trials=1)
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)], listed=given[0].tolist(), given=(), dt=0.01 * ms)
    net = lq.train.EventProp(made, "25 ms", every="5 ms")
    for a, b in zip(net(batch=2), lif_net(given), strict=True):
        one = a[:1] if a.shape[0] == 2 else a[:, :1]
        assert torch.equal(one, b)


# -- simulators --------------------------------------------------------------------------------------------------------


@pytest.mark.crosscheck
def test_spikes_are_those_of_the_event_driven_simulator(cases, lif_net):
    given = cases.spikes(trials=1)
    made = cases.module(cases.lif, [("i_post += w", 2.0, 1.0)], listed=given[0].tolist(), given=(), dt=0.01 * ms)
    times, _ = lq.train.EventProp(made, "25 ms", every="5 ms")(batch=1)
    network = made.to_network()
    network.record(network.populations["cells"], "spikes")
    result = lq.simulate(network, 25 * ms, engine=lq.EventDriven())
    trains = result.spikes["cells"]
    for n in range(3):
        found = times[0, n][times[0, n].isfinite()].detach().numpy()
        expected = trains.times[trains.offsets[n] : trains.offsets[n + 1]]
        assert len(found) > 2
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
