"""Rules that read the postsynaptic voltage: clamped, against closed forms; with spikes, against what slices do."""

import numpy as np

import lapicque as lq

VOLTAGES = np.array([-80.0, -70.0, -60.0, -52.0, -44.0, -40.0, -20.0, 0.0])
CLAMPED = lq.Neuron("dv/dt = 0*mV/ms : mV", name="clamped")

#: A spike is a depolarisation of 100 mV that decays with 2 ms, and leaves 15 mV (or 10 mV more) that decay with 40 ms;
#: the cell spikes one step after it was told to.
SHAPED = lq.Neuron(
    """
    v = -70.6*mV + spike + after : mV
    dspike/dt = -spike/(2*ms) : mV
    dafter/dt = -after/(40*ms) : mV
    dgo/dt = 0/ms : 1
    """,
    threshold="go > 0.5",
    reset="go = 0; spike = 100*mV; after = 15*mV",
    name="shaped",
)


def clamped(rules, options, spikes=20, dt=0.2):
    """What 20 presynaptic spikes at 25 Hz change in cells that are held at voltages."""
    net = lq.Network()
    times = 200 + 40.0 * np.arange(spikes)
    source = net.spikes([times], name="source")
    target = net.population(CLAMPED, len(VOLTAGES), name="target", initial=dict(v=VOLTAGES))
    for name, rule in rules.items():
        net.connect(source, target, rule, w=0.5, name=name)
    result = lq.simulate(net, times[-1] + 200, dt=dt, progress=False, **options)
    return {name: result.final[name]["w"] - 0.5 for name in rules}


def test_voltage_clamp(engine):
    """Clopath et al. 2010, figure 1h: depression above one threshold, potentiation above another."""
    s = lq.synapses
    found = clamped({"clopath": s.clopath(0.05, 1.0), "abs": s.abs_rule(1.0, eta="2e-6 / mV**2")}, engine)

    def above(theta):
        return np.maximum(VOLTAGES - theta, 0)

    expected = 0.05 * 20 * (8e-5 * above(-45.3) * above(-70.6) - 14e-5 * above(-70.6))
    np.testing.assert_allclose(found["clopath"], expected, rtol=0, atol=0.01 * expected.max())
    expected = 20 * 2e-6 * above(-65) * (VOLTAGES + 50)
    np.testing.assert_allclose(found["abs"], expected, rtol=0, atol=0.01 * expected.max())
    assert np.sign(found["clopath"]).tolist() == [0, -1, -1, -1, -1, 1, 1, 1]
    assert np.sign(found["abs"]).tolist() == [0, 0, -1, -1, 1, 1, 1, 1]


def test_depression_grows_with_the_mean_depolarisation():
    """Homeostasis: a_ltd holds at u_ref, and grows with the square; here without potentiation."""
    rule = lq.synapses.clopath(0.05, 1.0, a_ltp=0, u_ref="5 mV", tau_mean="20 ms")
    rules = {"low": rule, "high": rule.with_(u_ref="10 mV")}
    found = clamped(rules, {"reference": True}, dt=0.5)
    depolarised = VOLTAGES + 70.6
    expected = -0.05 * 20 * 14e-5 * np.maximum(depolarised, 0) * (depolarised / 5) ** 2
    np.testing.assert_allclose(found["low"], np.maximum(expected, -0.5), rtol=1e-3, atol=1e-12)
    moderate = depolarised < 40
    np.testing.assert_allclose(found["high"][moderate], found["low"][moderate] / 4, rtol=1e-9, atol=1e-12)


FREQUENCIES = [5, 10, 20, 40, 50]


def paired(told, rule, lag, cell=SHAPED, pairings=15):
    """Change of the weight by pairings with a lag, by frequency."""
    net = lq.Network()
    trains = [50 + 1000 / rate * np.arange(pairings) for rate in FREQUENCIES]
    source = net.spikes(trains, name="source")
    target = told(net, "target", [times + lag for times in trains], cell, command="go", dt=0.1)
    net.connect(source, target, rule, w=0.5, where=lq.one_to_one(), name="plastic")
    duration = max(times[-1] for times in trains) + 100
    return lq.simulate(net, duration, dt=0.1, progress=False, threads=1).final["plastic"]["w"] - 0.5


def test_potentiation_grows_with_the_frequency_of_pairings(told):
    """Sjöström et al. 2001: at low frequencies the order decides, at 40 Hz and above both orders potentiate."""
    rule = lq.synapses.clopath(1.0, 2.0)
    before, after = (paired(told, rule, lag) for lag in (10, -10))
    assert (np.diff(before) > 0).all()
    assert before[-1] > 1.5 * before[0] > 0
    assert np.sign(after).tolist() == [-1, -1, -1, 1, 1]
    assert after[-1] > 0.8 * before[-1]


def test_two_thresholds_make_frequencies_decide(told):
    """Artola et al. 1990: weak depolarisation depresses, strong one potentiates, in either order of the spikes."""
    rule = lq.synapses.abs_rule(1.0, theta_minus="-68 mV", theta_plus="-55 mV")
    cell = SHAPED.with_(reset="go = 0; spike = 100*mV; after += 10*mV")
    for lag in (10, -10):
        assert np.sign(paired(told, rule, lag, cell)).tolist() == [-1, -1, -1, 1, 1]
