"""Spikes of whole networks against Brian2, step by step, in float64: the same connections and initial values.

Chaotic networks for 50 ms, in which rounding does not grow to a step; the others for 500 ms.
"""

import numpy as np
import pytest

pytestmark = pytest.mark.crosscheck

CONDUCTANCES = """
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
"""
RECEPTORS = dict(tau_e=(5, "ms"), tau_i=(10, "ms"), e_e=(0, "mV"), e_i=(-80, "mV"))


def wiring(random, sources, targets, in_degree, unit, weight, delay=(0.0, 0.0), spread=0.0):
    """Random synapses, sorted by target, each with a weight and a delay of its own; half a step off all ties."""
    number = targets * in_degree
    low, high = (np.rint(10 * np.asarray(delay))).astype(int)
    return dict(
        sources=random.integers(*sources, number),
        targets=np.repeat(np.arange(targets), in_degree),
        values=dict(w=(weight * (1 + spread * random.uniform(-1, 1, number)), unit)),
        delay=random.integers(low, high + 1, number) / 10,
    )


def two_kinds(cells, random, weights, unit, variables=("g_e", "g_i"), **more):
    """Projections of 4 excitatory cells to 1 inhibitory onto all, in-degrees 64 and 16."""
    exc = cells * 4 // 5
    return [
        dict(source="cells", target="cells", on_pre=f"{variables[0]} += w")
        | wiring(random, (0, exc), cells, 64, unit, weights[0], **more),
        dict(source="cells", target="cells", on_pre=f"{variables[1]} += w")
        | wiring(random, (exc, cells), cells, 16, unit, weights[1], **more),
    ]


def cuba(method, cells=2000):
    random = np.random.default_rng(1)
    population = dict(
        size=cells,
        equations="""
        dv/dt = (g_e + g_i - (v - e_l))/tau_m : volt (unless refractory)
        dg_e/dt = -g_e/tau_e : volt
        dg_i/dt = -g_i/tau_i : volt
        """,
        threshold="v > v_th",
        reset="v = v_reset",
        refractory="5*ms",
        method=method,
        parameters=dict(
            tau_m=(20, "ms"), tau_e=(5, "ms"), tau_i=(10, "ms"), e_l=(-49, "mV"), v_th=(-50, "mV"), v_reset=(-60, "mV")
        ),
        initial=dict(v=(random.uniform(-60, -50, cells), "mV")),
    )
    return dict(duration=50, populations=dict(cells=population), projections=two_kinds(cells, random, (1.62, -9), "mV"))


def coba(method, cells=2000):
    random = np.random.default_rng(2)
    population = dict(
        size=cells,
        equations="""
        dv/dt = (g_l*(e_l - v) + g_e*(e_e - v) + g_i*(e_i - v))/c_m : volt (unless refractory)
        """
        + CONDUCTANCES,
        threshold="v > v_th",
        reset="v = v_reset",
        refractory="5*ms",
        method=method,
        parameters=dict(c_m=(200, "pF"), g_l=(10, "nS"), e_l=(-60, "mV"), v_th=(-50, "mV"), v_reset=(-60, "mV"))
        | RECEPTORS,
        initial=dict(
            v=(-65 + 5 * random.standard_normal(cells), "mV"),
            g_e=(40 + 15 * random.standard_normal(cells), "nS"),
            g_i=(200 + 120 * random.standard_normal(cells), "nS"),
        ),
    )
    return dict(duration=50, populations=dict(cells=population), projections=two_kinds(cells, random, (6, 67), "nS"))


def adex(method, cells=1000):
    """Every synapse has a weight and a delay of its own, from 0 to 5 ms."""
    random = np.random.default_rng(3)
    population = dict(
        size=cells,
        equations="""
        dv/dt = (g_l*(e_l - v) + g_l*delta_t*exp((v - v_th)/delta_t) - w_ad + i_drive + g_e*(e_e - v) + g_i*(e_i - v))
                /c_m : volt (unless refractory)
        dw_ad/dt = (a*(v - e_l) - w_ad)/tau_w : amp
        i_drive : amp (constant)
        """
        + CONDUCTANCES,
        threshold="v > v_peak",
        reset="v = v_reset; w_ad += b",
        refractory="2*ms",
        method=method,
        parameters=dict(
            c_m=(200, "pF"), g_l=(10, "nS"), e_l=(-65, "mV"), v_th=(-50, "mV"), delta_t=(2, "mV"), v_peak=(-40, "mV"),
            v_reset=(-58, "mV"), a=(2, "nS"), b=(20, "pA"), tau_w=(120, "ms"),
        ) | RECEPTORS,
        varied=dict(i_drive=(random.uniform(150, 350, cells), "pA")),
        initial=dict(v=(random.uniform(-65, -55, cells), "mV")),
    )  # fmt: skip
    projections = two_kinds(cells, random, (1.5, 9), "nS", delay=(0, 5), spread=0.5)
    return dict(duration=500, populations=dict(cells=population), projections=projections)


def izhikevich(method, cells=1000):
    """The 1,000 cells of Izhikevich (2003), doi:10.1109/TNN.2003.820440, with constant drives for the noise."""
    random = np.random.default_rng(4)
    r, exc = random.uniform(size=cells), np.arange(cells) < cells * 4 // 5
    population = dict(
        size=cells,
        equations="""
        dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + drive : volt
        du/dt = a*(b*v - u) : volt/second
        a : Hz (constant)
        b : Hz (constant)
        c : volt (constant)
        d : volt/second (constant)
        drive : volt/second (constant)
        """,
        threshold="v >= 30*mV",
        reset="v = c; u += d",
        refractory=False,
        method=method,
        parameters={},
        varied=dict(
            a=(np.where(exc, 20, 20 + 80 * r), "Hz"),
            b=(np.where(exc, 200, 250 - 50 * r), "Hz"),
            c=(np.where(exc, -65 + 15 * r**2, -65), "mV"),
            d=(np.where(exc, 8 - 6 * r**2, 2), "mV/ms"),
            drive=(np.where(exc, 5, 2) * (1 + r), "mV/ms"),
        ),
        initial=dict(v=(-65 + 5 * r, "mV"), u=(-13 - r, "mV/ms")),
    )
    projections = two_kinds(cells, random, (0.5, -1.0), "mV", ("v", "v"), delay=(1, 1), spread=0.9)
    return dict(duration=50, populations=dict(cells=population), projections=projections)


def hodgkin_huxley(method, cells=1000):
    random = np.random.default_rng(5)
    population = dict(
        size=cells,
        equations="""
        dv/dt = (g_l*(e_l - v) + g_e*(e_e - v) + g_i*(e_i - v)
                 - g_na*m**3*h*(v - e_na) - g_k*n**4*(v - e_k))/c_m : volt
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        alpha_m = 1.28/exprel((13*mV - v + v_shift)/(4*mV))/ms : Hz
        beta_m = 1.4/exprel((v - v_shift - 40*mV)/(5*mV))/ms : Hz
        alpha_h = 0.128*exp((17*mV - v + v_shift)/(18*mV))/ms : Hz
        beta_h = 4/(1 + exp((40*mV - v + v_shift)/(5*mV)))/ms : Hz
        alpha_n = 0.16/exprel((15*mV - v + v_shift)/(5*mV))/ms : Hz
        beta_n = 0.5*exp((10*mV - v + v_shift)/(40*mV))/ms : Hz
        """
        + CONDUCTANCES,
        threshold="v > v_th",
        reset="",
        refractory="3*ms",
        method=method,
        parameters=dict(
            c_m=(200, "pF"), g_l=(10, "nS"), g_na=(20000, "nS"), g_k=(6000, "nS"), e_l=(-60, "mV"), e_na=(50, "mV"),
            e_k=(-90, "mV"), v_shift=(-63, "mV"), v_th=(-20, "mV"),
        ) | RECEPTORS,
        initial=dict(
            v=(-65 + 5 * random.standard_normal(cells), "mV"),
            g_e=(40 + 15 * random.standard_normal(cells), "nS"),
            g_i=(200 + 120 * random.standard_normal(cells), "nS"),
        ),
    )  # fmt: skip
    projections = two_kinds(cells, random, (6, 67), "nS")
    return dict(duration=50, dt=0.05, populations=dict(cells=population), projections=projections)


def refractory(method, cells=1000):
    """Synapses act on the membrane potential, which takes nothing while a cell is refractory; delays down to 0."""
    random = np.random.default_rng(6)
    population = dict(
        size=cells,
        equations="""
        dv/dt = (e_l - v + drive)/tau_m : volt (unless refractory)
        drive : volt (constant)
        """,
        threshold="v > v_th",
        reset="v = v_reset",
        refractory="4*ms",
        method=method,
        parameters=dict(tau_m=(20, "ms"), e_l=(-70, "mV"), v_th=(-50, "mV"), v_reset=(-65, "mV")),
        varied=dict(drive=(random.uniform(19, 26, cells), "mV")),
        initial=dict(v=(random.uniform(-70, -50, cells), "mV")),
    )
    projections = two_kinds(cells, random, (0.21, -1.1), "mV", ("v", "v"), delay=(0, 2), spread=0.5)
    return dict(duration=500, populations=dict(cells=population), projections=projections)


CASES = {
    "cuba exact": cuba("exact"),
    "cuba euler": cuba("euler"),
    "coba exponential_euler": coba("exponential_euler"),
    "coba rk4": coba("rk4"),
    "adex euler": adex("euler"),
    "adex rk2": adex("rk2"),
    "izhikevich euler": izhikevich("euler"),
    "hodgkin_huxley exponential_euler": hodgkin_huxley("exponential_euler"),
    "hodgkin_huxley rk4": hodgkin_huxley("rk4"),
    "refractory exact": refractory("exact"),
    "refractory euler": refractory("euler"),
}


@pytest.fixture(scope="module")
def results(both_sides):
    return both_sides(CASES)


@pytest.mark.parametrize("case", CASES)
def test_spikes_are_those_of_brian2_step_by_step(results, case):
    ours, theirs = results[case]
    assert len(theirs["cells/steps"]) > 500
    assert ours["cells/steps"].tolist() == theirs["cells/steps"].tolist()
    assert ours["cells/neurons"].tolist() == theirs["cells/neurons"].tolist()
