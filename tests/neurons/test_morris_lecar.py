"""Morris-Lecar: two onsets of firing, by a Hopf bifurcation and by a saddle-node on an invariant circle.

Rinzel & Ermentrout 1998, in Methods in Neuronal Modeling, table 7.1; Ermentrout & Terman 2010, table 3.1.
"""

import numpy as np
import pytest

from lapicque.neurons import morris_lecar
from lapicque.simulation import simulate

PER_AREA = 10.0  # pA into the membrane of 1000 um2 for 1 uA/cm2
SNIC = morris_lecar.with_(g_ca="4 mS/cm2", v_3="12 mV", v_4="17.4 mV", phi="0.067 1/ms")


def test_hopf_onset_is_at_a_high_rate(rates):
    """Class 2: from silence to 9 Hz or more, with nothing between."""
    found = rates(morris_lecar, np.arange(80, 110, 1.0) * PER_AREA, 4000, dt=0.1, skip=1500)
    assert found[0] == 0
    assert found[found > 0].min() > 8
    assert found.max() < 2 * found[found > 0].min()


def test_rest_is_stable_until_the_hopf_bifurcation(spike_times, steps):
    """Rest and firing exist together below 93.86 uA/cm2; there the growing oscillation around rest sets in."""

    def reached_slowly(current):
        ramp = np.linspace(70, current, 40_000) * PER_AREA  # 4 s
        return np.concatenate([ramp, np.full(40_000, current * PER_AREA)])

    assert len(spike_times(morris_lecar, reached_slowly(93.5), dt=0.1)) == 0
    assert len(spike_times(morris_lecar, reached_slowly(94.5), dt=0.1)) > 10
    kicked = np.concatenate([reached_slowly(91), steps((1500, 20), (910, 2000), dt=0.1)])
    assert len(spike_times(morris_lecar, kicked, dt=0.1)) > 15


def test_saddle_node_onset_is_slow(rates):
    """Class 1: the rate grows from 0 as the square root of the distance from 39.96 uA/cm2."""
    currents = np.array([39.5, 40.2, 40.5, 41.0, 42.0])
    found = rates(SNIC, currents * PER_AREA, 6000, dt=0.1, skip=1500)
    assert found[0] == 0
    assert 0 < found[1] < 3
    slope, offset = np.polyfit(currents[1:3], found[1:3] ** 2, 1)
    assert -offset / slope == pytest.approx(39.96, abs=0.05)
    assert (np.diff(found) > 0).all()


def test_spikes_are_counted_once():
    response = simulate(morris_lecar, 2000, dt=0.1, inputs={"i_ext": 1200}, record="v")
    v = response.traces["v"].values[:, 0]
    upward = np.flatnonzero((v[:-1] <= 0) & (v[1:] > 0))
    assert len(upward) == len(response.spikes.times) > 20


def test_block_by_strong_currents(rates):
    """Depolarisation ends the firing in both regimes."""
    for cell in (morris_lecar, SNIC):
        firing, blocked = rates(cell, [100 * PER_AREA, 250 * PER_AREA], 2000, dt=0.1, skip=1000)
        assert firing > 5
        assert blocked == 0
