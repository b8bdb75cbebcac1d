"""Spikes of whole models against Brian2, step by step, with the same scheme in float64."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from lapicque import neurons, simulate

pytestmark = pytest.mark.crosscheck

SIZE, DURATION = 20, 500.0
#: Neuron, scheme, dt in ms; mean and standard deviation of the current in pA.
CASES = {
    "lif exact 0.1": (250, 150),
    "lif euler 0.1": (250, 150),
    "lif_exp exact 0.1": (220, 150),
    "lif_exp rk4 0.1": (220, 150),
    "mat exact 0.1": (900, 400),
    "adex euler 0.1": (750, 200),
    "adex rk2 0.1": (750, 200),
    "adex rk4 0.1": (750, 200),
    "izhikevich euler 0.1": (10, 5),
    "izhikevich rk4 0.1": (10, 5),
    "traub exponential_euler 0.05": (500, 200),
    "traub rk4 0.05": (500, 200),
}


def current(case):
    """A noisy current (step, neuron), larger from neuron to neuron."""
    dt = float(case.split()[-1])
    mean, sd = CASES[case]
    noise = np.random.default_rng(12).standard_normal((round(DURATION / dt), SIZE))
    return mean * np.linspace(0.6, 1.4, SIZE) + sd * noise


def ours(case):
    name, method, dt = case.split()
    neuron = getattr(neurons, name)
    if name == "lif_exp":
        neuron = neuron.with_(reset="v = v_reset; i_syn += 20*pA", initial=dict(v="e_l", i_syn="100 pA"))
    answer = simulate(neuron, DURATION, dt=float(dt), method=method, inputs=dict(i_ext=current(case)), progress=False)
    return [np.rint(train / float(dt)).astype(int) for train in answer.spikes.to_lists()]


@pytest.fixture(scope="module")
def theirs(peer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("brian2")
    given, written = folder / "currents.npz", folder / "spikes.npz"
    np.savez(given, cases=list(CASES), **{f"{case} current": current(case) for case in CASES})
    subprocess.run([peer("brian2"), Path(__file__).with_name("peer_brian2.py"), given, written], check=True)
    found = dict(np.load(written))
    return {
        case: [np.sort(found[f"{case} steps"][found[f"{case} neurons"] == n]) for n in range(SIZE)] for case in CASES
    }


@pytest.mark.parametrize("case", CASES)
def test_spikes_are_those_of_brian2_step_by_step(theirs, case):
    found, expected = ours(case), theirs[case]
    assert sum(len(steps) for steps in expected) > 100
    assert min(len(steps) for steps in expected) < max(len(steps) for steps in expected)
    for n, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert a.tolist() == b.tolist(), f"neuron {n}"
