"""Sensitivity equations against closed forms and against differences of simulations."""

import numpy as np
import pytest

import lapicque as lq
from lapicque.errors import FitError
from lapicque.fit.refine import Sensitivity
from lapicque.spikes import SpikeTrains

SPIKE = lq.distances.spike()


def problem_of(neuron, current, free, dt=0.1, **more):
    data = SpikeTrains.from_lists([[20.0]], t_stop=len(current) * dt)
    return lq.fit.Problem(neuron, [lq.fit.Trial(current, data, dt=dt)], free=free, **({"distance": SPIKE} | more))


def differences(problem, point, step):
    """Central differences of spike times by coordinates: (spike, dimension)."""
    count = len(point)
    points = np.concatenate([point + step * np.eye(count), point - step * np.eye(count)])
    trains = problem.respond(points).to_lists()
    least = min(map(len, trains))
    ahead, behind = (np.array([t[:least] for t in half]) for half in (trains[:count], trains[count:]))
    return ((ahead - behind) / (2 * step)).T


def test_a_passive_membrane_is_exact():
    """v = e_l + i/g (1 - exp(-t g/c)) below the threshold, and its derivatives by g, c and e_l."""
    current = np.full(500, 150.0)
    trial = lq.fit.Trial(current, SpikeTrains.from_lists([[]], t_stop=50), voltage=np.linspace(-70, -60, 500))
    free = dict(c_m="100 .. 300 pF", g_l="5 .. 20 nS", e_l="-80 .. -60 mV")
    problem = lq.fit.Problem(lq.neurons.lif, [trial], free=free, objective=lq.fit.VoltageError())
    sensitivity = Sensitivity(problem)
    point = np.array([0.3, 0.4, 0.6])
    c, g, e = (float(v[0]) for v in problem.values(point).values())
    [(_, piece)] = sensitivity.voltages(point[None], 0, "v")
    t, tau = np.arange(500) * 0.1, c / g
    decay = np.exp(-t / tau)
    np.testing.assert_allclose(piece.voltage[:, 0], e + 150 / g * (1 - decay), rtol=1e-12)
    by_c = -150 / g * decay * t * g / c**2
    by_g = -150 / g**2 * (1 - decay) + 150 / g * decay * t / c
    scales = sensitivity.slopes_of_values(point)
    np.testing.assert_allclose(piece.slopes[0, :, 0] / scales[0], by_c, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(piece.slopes[1, :, 0] / scales[1], by_g, rtol=1e-9, atol=1e-10)
    # e_l is the initial value too: the whole trace moves with it
    np.testing.assert_allclose(piece.slopes[2, :, 0] / scales[2], 1.0, rtol=1e-9)


def test_times_of_a_regular_cell_are_those_of_the_formula():
    """t_n = n T + (n - 1) t_ref with T = c/g log(J/(J - 1)): slopes by c and t_ref grow with n."""
    problem = problem_of(lq.neurons.lif, np.full(40_000, 600.0), dict(c_m=(100, 300), t_ref=(1, 6)), dt=0.01)
    spiked = Sensitivity(problem).spikes(np.array([[0.5, 0.41]]), 0)[0]
    n = 1 + np.arange(len(spiked.times))
    assert len(n) > 30
    np.testing.assert_allclose(spiked.slopes[:, 0] / 200, n * np.log(1.5) / 10, rtol=0.01)
    np.testing.assert_allclose(spiked.slopes[1:, 1] / 5, n[1:] - 1, rtol=0.01)
    assert spiked.slopes[0, 1] == 0


@pytest.mark.parametrize(
    ("neuron", "free", "drive"),
    [
        (
            lq.neurons.lif,
            dict(c_m=(100, 300), g_l=(7, 13), v_reset=(-75, -60), t_ref=(1, 6), delay=(0, 5), input_offset=(-50, 50)),
            1.0,
        ),
        (
            lq.neurons.adex.with_(c_m="150 pF", g_l="10 nS", b="40 pA"),
            dict(c_m=(100, 200), delta_t=(1, 4), v_reset=(-65, -55), a=(2, 6), b=(30, 80), tau_w=(80, 150)),
            1.3,
        ),
        (lq.neurons.izhikevich, dict(a=(0.015, 0.03), b=(0.15, 0.25), c=(-68, -60), d=(6, 10)), 0.03),
    ],
    ids=["lif", "adex", "izhikevich"],
)
def test_spike_times_move_as_simulations_say(neuron, free, drive):
    """At a hundredth of a millisecond the grid of times hardly shows in differences."""
    dt = 0.01
    t = np.arange(15_000) * dt
    current = (330 + 60 * np.sin(t / 7) + 40 * np.sin(t / 2.3)) * drive
    problem = problem_of(neuron, current, free, dt=dt, method="euler")
    point = np.full(problem.dimension, 0.5)
    [spiked] = Sensitivity(problem).spikes(point[None], 0)
    expected = differences(problem, point, 0.004)
    assert len(expected) >= 4
    found, grid = spiked.slopes[: len(expected)], dt / 0.008
    for name, ours, theirs in zip(free, found.T, expected.T, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1.5 * grid + 0.07 * np.abs(theirs).max(), err_msg=name)
    assert np.abs(found).max() > 5


def test_what_spikes_do_is_left_out_where_the_data_force_them(noisy_current):
    """Forced spikes come when the data say; the voltage between them moves as that of simulations does."""
    cell = lq.neurons.lif.with_(v_th="-45 mV", t_ref="3 ms")
    current = noisy_current(2000)
    times = [40.0, 90.0, 110.0]
    data = SpikeTrains.from_lists([times], t_stop=200)
    trial = lq.fit.Trial(current, data, voltage=np.linspace(-70, -60, 2000))
    free = dict(g_l=(5, 20), v_reset=(-75, -60), t_ref=(1.05, 5.05))
    problem = lq.fit.Problem(cell, [trial], free=free, objective=lq.fit.VoltageError())
    sensitivity = Sensitivity(problem, forced=True)
    point, step = np.array([0.5, 0.5, 0.5]), 1e-5

    def run(at):
        return np.concatenate([p.voltage[:, 0] for _, p in sensitivity.voltages(at[None], 0, "v")])

    [(_, piece)] = sensitivity.voltages(point[None], 0, "v")
    for k in (401, 901, 1101):  # reset in the step of the spike
        assert piece.voltage[k, 0] == pytest.approx(-67.5)
    for n in (0, 1):
        e = step * np.eye(3)[n]
        differences = (run(point + e) - run(point - e)) / (2 * step)
        np.testing.assert_allclose(piece.slopes[n, :, 0], differences, atol=1e-4 * np.abs(differences).max())


def test_noise_and_events_of_other_kinds_are_refused(noisy_current):
    noisy = lq.Neuron(
        "dv/dt = (e_l - v)/tau + sigma*xi*sqrt(2/tau) + i/c_m : mV\ni : pA (input)",
        threshold="v > v_th", reset="v = e_l",
        parameters=dict(e_l="-70 mV", tau="10 ms", sigma="1 mV", v_th="-50 mV", c_m="100 pF"), initial=dict(v="e_l"),
        name="noisy",
    )  # fmt: skip
    with pytest.raises(FitError, match=r"'noisy' has no sensitivity equations: .*white noise"):
        Sensitivity(problem_of(noisy, np.zeros(1000), dict(tau=(5, 20))))
    plateau = lq.neurons.lif.with_(events={"plateau": lq.Event(threshold="v > v_th - 5*mV", reset="v = v_reset")})
    with pytest.raises(FitError, match=r"the event 'plateau'.*pattern"):
        Sensitivity(problem_of(plateau, np.zeros(1000), dict(c_m=(100, 300))))
    with pytest.raises(FitError, match=r"no lq\.fit\.Problem"):
        Sensitivity(lq.neurons.lif)


def test_silent_candidates_have_no_slopes(noisy_current):
    problem = problem_of(lq.neurons.lif, np.zeros(500), dict(c_m=(100, 300)))
    [spiked] = Sensitivity(problem).spikes(np.array([[0.5]]), 0)
    assert spiked.times.shape == (0,)
    assert spiked.slopes.shape == (0, 1)
