"""Networks that learn against Brian2, in float64: after 1 s every synapse has the same weight.

Cells fire when an input of their own kicks them over the threshold, and sometimes because of each other: spikes do not
hang on rounding, but weights change when they come, and change when they come.
"""

import numpy as np
import pytest

pytestmark = pytest.mark.crosscheck

CELLS, EXC, IN_DEGREE, STEPS = 200, 160, 20, 10_000

PAIR = dict(
    equations="""
    dapre/dt = -apre/tau_pre : 1 (event-driven)
    dapost/dt = -apost/tau_post : 1 (event-driven)
    """,
    on_pre="g_e_post += w; apre += 1; w = clip(w - depression*apost, 0*mV, w_max)",
    on_post="apost += 1; w = clip(w + growth*apre, 0*mV, w_max)",
    parameters=dict(
        tau_pre=(20, "ms"), tau_post=(25, "ms"), growth=(0.2, "mV"), depression=(0.16, "mV"), w_max=(2, "mV")
    ),
)
# Pfister & Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006: their time constants, all pairs and triplets
TRIPLET = dict(
    equations="""
    dr_1/dt = -r_1/tau_plus : 1 (event-driven)
    dr_2/dt = -r_2/tau_x : 1 (event-driven)
    do_1/dt = -o_1/tau_minus : 1 (event-driven)
    do_2/dt = -o_2/tau_y : 1 (event-driven)
    """,
    on_pre="w = clip(w - o_1*(a2_minus + a3_minus*r_2), 0*mV, w_max); r_1 += 1; r_2 += 1; g_e_post += w",
    on_post="w = clip(w + r_1*(a2_plus + a3_plus*o_2), 0*mV, w_max); o_1 += 1; o_2 += 1",
    parameters=dict(
        tau_plus=(16.8, "ms"), tau_x=(101, "ms"), tau_minus=(33.7, "ms"), tau_y=(125, "ms"), w_max=(2, "mV"),
        a2_plus=(0.05, "mV"), a3_plus=(0.1, "mV"), a2_minus=(0.1, "mV"), a3_minus=(0.02, "mV"),
    ),
)  # fmt: skip
# Vogels et al. 2011, doi:10.1126/science.1211095: alpha is 2*rho_0*tau, for 20 Hz
VOGELS = dict(
    equations="""
    dapre/dt = -apre/tau : 1 (event-driven)
    dapost/dt = -apost/tau : 1 (event-driven)
    """,
    on_pre="apre += 1; w = clip(w + eta*(apost - alpha), 0*mV, w_max); g_i_post -= w",
    on_post="apost += 1; w = clip(w + eta*apre, 0*mV, w_max)",
    parameters=dict(tau=(20, "ms"), eta=(0.3, "mV"), alpha=(0.8, "1"), w_max=(3, "mV")),
)
# the same rules as one would write them here
BOUNDED = dict(
    pair=dict(
        on_pre="g_e += w; apre += 1; w -= depression*apost",
        on_post="apost += 1; w += growth*apre",
        bounds=dict(w=("0 mV", "w_max")),
    ),
)


def network(rule, source, delay, post_delay=0.0, ours=None, seed=1):
    """Leaky cells, each kicked by an input of its own; one of the two projections among them learns."""
    random = np.random.default_rng(seed)
    kicks = random.random((STEPS, CELLS)) < 0.1 * 0.02  # 20 Hz
    steps, neurons = np.nonzero(kicks)
    population = dict(
        size=CELLS,
        equations="""
        dv/dt = (g_e + g_i - (v - e_l))/tau_m : volt (unless refractory)
        dg_e/dt = -g_e/tau_e : volt
        dg_i/dt = -g_i/tau_i : volt
        """,
        threshold="v > v_th",
        reset="v = v_reset",
        refractory="2*ms",
        method="exact",
        parameters=dict(
            tau_m=(20, "ms"), tau_e=(5, "ms"), tau_i=(10, "ms"), e_l=(-46, "mV"), v_th=(-50, "mV"), v_reset=(-60, "mV")
        ),
        initial=dict(v=(random.uniform(-60, -50, CELLS), "mV")),
    )
    learned = dict(learned=dict(w="mV"), post_delay=post_delay, ours=ours or {}) | rule
    exc = dict(source="cells", target="cells", on_pre="g_e += w") | wiring(random, (0, EXC), (0.2, 1.8), delay)
    inh = dict(source="cells", target="cells", on_pre="g_i -= w") | wiring(random, (EXC, CELLS), (0.1, 2), delay)
    kick = dict(
        source="input",
        target="cells",
        on_pre="v += kick",
        parameters=dict(kick=(40, "mV")),
        sources=np.arange(CELLS),
        targets=np.arange(CELLS),
    )
    return dict(
        duration=STEPS / 10,
        populations=dict(input=dict(size=CELLS, steps=steps, neurons=neurons), cells=population),
        projections=[kick, exc | learned, inh] if source == "exc" else [kick, exc, inh | learned],
    )


def wiring(random, sources, weights, delay):
    """Random synapses, sorted by target, with a weight and a delay of their own between the given limits."""
    number = CELLS * IN_DEGREE
    low, high = np.rint(10 * np.asarray(delay)).astype(int)
    return dict(
        sources=random.integers(*sources, number),
        targets=np.repeat(np.arange(CELLS), IN_DEGREE),
        values=dict(w=(random.uniform(*weights, number), "mV")),
        delay=random.integers(low, high + 1, number) / 10,
    )


SAME, OWN = (1.5, 1.5), (0, 5)  # delays in ms: traces of a source are one number in the first case
CASES = {
    "pair": network(PAIR, "exc", SAME),
    "pair, delays": network(PAIR, "exc", OWN),
    "pair, dendritic": network(PAIR, "exc", SAME, post_delay=2.0),
    "pair, bounds": network(PAIR, "exc", OWN, ours=BOUNDED["pair"]),
    "triplet": network(TRIPLET, "exc", SAME),
    "triplet, delays": network(TRIPLET, "exc", OWN, post_delay=0.5),
    "vogels": network(VOGELS, "inh", SAME),
    "vogels, delays": network(VOGELS, "inh", OWN),
}
LEARNS = {name: 2 if name.startswith("vogels") else 1 for name in CASES}


@pytest.fixture(scope="module")
def results(both_sides):
    return both_sides(CASES)


@pytest.mark.parametrize("case", CASES)
def test_weights_are_those_of_brian2_synapse_by_synapse(results, case):
    ours, theirs = results[case]
    assert ours["cells/steps"].tolist() == theirs["cells/steps"].tolist()
    assert ours["cells/neurons"].tolist() == theirs["cells/neurons"].tolist()
    number = LEARNS[case]
    before, _ = CASES[case]["projections"][number]["values"]["w"]
    w_max, _ = CASES[case]["projections"][number]["parameters"]["w_max"]
    after = theirs[f"projection_{number}/w"]
    assert np.mean(np.abs(after - before) > 0.01 * w_max) > 0.9  # nearly all of them have learned
    assert 0.01 < np.mean((after == 0) | (after == w_max)) < 0.5  # and some are at a bound
    np.testing.assert_allclose(ours[f"projection_{number}/w"], after, rtol=1e-10, atol=1e-12)
