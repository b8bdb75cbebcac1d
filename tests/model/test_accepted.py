"""Right models: the grammar of the language, and Brian2's as it is."""

import numpy as np
import pytest

from lapicque.model import Event, Neuron
from lapicque.model.hybrid import Hybrid
from lapicque.units import ms, mV, nS, pF

TAU = dict(tau="10 ms")

ACCEPTED = {
    "one equation": dict(equations="dv/dt = -v/tau : mV", parameters=TAU),
    "only a parameter": dict(equations="x : mV", parameters=dict(x="5 mV")),
    "several lines": dict(
        equations="""
        dv/dt = (g_l*(e_l - v) +
                 g_e*(e_e - v)
                 )/c_m : volt (unless refractory)  # membrane potential

        # synaptic conductance
        dg_e/dt = -g_e/tau_e : siemens
        """,
        threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms,
        parameters=dict(g_l=10 * nS, e_l=-70 * mV, e_e=0 * mV, c_m=200 * pF, tau_e=5 * ms),
    ),
    "CUBA of Brian2": dict(
        equations="""
        dv/dt  = (ge+gi-(v-El))/taum : volt (unless refractory)
        dge/dt = -ge/taue : volt
        dgi/dt = -gi/taui : volt
        """,
        threshold="v>Vt", reset="v = Vr", refractory="5*ms",
        parameters=dict(taum=20 * ms, taue=5 * ms, taui=10 * ms, Vt=-50 * mV, Vr=-60 * mV, El=-49 * mV),
    ),
    "COBAHH of Brian2": dict(
        equations="""
        dv/dt = (gl*(El-v) - g_na*(m*m*m)*h*(v-ENa) - g_kd*(n*n*n*n)*(v-EK))/Cm : volt
        dm/dt = alpha_m*(1-m)-beta_m*m : 1
        dn/dt = alpha_n*(1-n)-beta_n*n : 1
        dh/dt = alpha_h*(1-h)-beta_h*h : 1
        alpha_m = 0.32*(mV**-1)*4*mV/exprel((13*mV-v+VT)/(4*mV))/ms : Hz
        beta_m = 0.28*(mV**-1)*5*mV/exprel((v-VT-40*mV)/(5*mV))/ms : Hz
        alpha_h = 0.128*exp((17*mV-v+VT)/(18*mV))/ms : Hz
        beta_h = 4./(1+exp((40*mV-v+VT)/(5*mV)))/ms : Hz
        alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV-v+VT)/(5*mV))/ms : Hz
        beta_n = .5*exp((10*mV-v+VT)/(40*mV))/ms : Hz
        """,
        threshold="v>-20*mV", refractory=3 * ms,
        parameters=dict(gl="10 nsiemens", El="-60 mV", g_na="20 usiemens", ENa="50 mV", g_kd="6 usiemens", EK="-90 mV",
                        Cm="200 pfarad", VT="-63 mV"),
    ),
    "units of Brian2": dict(
        equations="""
        dv/dt = (-v + R*I)/tau : volt
        I : amp (input)
        R : Mohm (constant)
        g : msiemens/cm2
        C : uF/cm**2
        c : ufarad*cm**-2
        r = 20*hertz + 0.02*khertz : Hz
        area : umetre**2
        """,
        parameters=dict(R=20, g=0.3, C=1, c=1, tau="10 msecond", area="20000 um2"),
    ),
    "literals with units": dict(equations="dv/dt = (-50*mV - v)/(10*ms) : volt"),
    "numbers": dict(equations="x = 1. + .5 + 2e-3 + 1E3 + 0*2e5 : 1"),
    "semicolons in a reset": dict(
        equations="v : mV\nw : pA\nn : 1", threshold="v > 0*mV",
        reset="v = -70*mV; w += 5*pA\nn *= 2  # doubled\n\nw /= 2",
    ),
    "spaces everywhere": dict(equations="  d v/dt = - v / tau : mV".replace("d v", "dv"), parameters=TAU),
    "a derivative with spaces": dict(equations="dv / dt = -v/tau : mV", parameters=TAU),
    "flags": dict(
        equations="dv/dt = -v/tau : mV ( unless   refractory )\ntau : ms (constant, shared)\ni : pA (input)",
        threshold="v > 5*mV", refractory="v > 1*mV", parameters=TAU,
    ),
    "a discrete map": dict(equations="x[n+1] = 0.9*x[n] + y : 1\ny [ n + 1 ] = y*exp(-dt/tau) : 1", parameters=TAU),
    "algebraic variables in any order": dict(
        equations="b = 2*a : mV\na = v + c : mV\nc = 1*mV : mV\nv : mV", parameters=dict(v=1)
    ),
    "all functions": dict(
        equations="x = exp(y) + expm1(y) + exprel(y) + log(y) + log1p(y) + sqrt(y) + sin(y) + cos(y) + tan(y) + sinh(y)"
        " + cosh(y) + tanh(y) + sigmoid(y) + arctan(y) + abs(y) + sign(y) + floor(y) + ceil(y) + round(y) + int(y > 1)"
        " + clip(y, 0, 1) + min(y, 1, 2) + max(y, 1) + where(y > 1 and not y > 2 or y < 0, 1, y) : 1\ny : 1",
        parameters=dict(y=2),
    ),
    "built-in names": dict(equations="x = i/N + t/dt + pi + e + 1/inf : 1"),
    "dimensions of powers": dict(
        equations="s = sqrt(v**2) : mV\nq = (v*g)**2 : pA**2\nr = v**(1/2) : mV**0.5\nz = v**-1 : 1/mV\nv : mV\ng : nS",
        parameters=dict(v=1, g=1),
    ),
    "zero and infinity have every unit": dict(equations="v = where(x > 0, 0, inf) : mV\nx : 1", parameters=dict(x=1)),
    "remainder": dict(equations="phase = t % (10*ms) : ms"),
    "names that are units": dict(
        equations="dm/dt = (1 - m)/s : 1\nV : mV\ns : ms\nA = m*V : mV", parameters=dict(V=1, s="5 ms")
    ),
    "names that are built-in": dict(equations="e : mV\ni = g*e : pA\ng : nS\nN : 1", parameters=dict(e=1, g=1, N=3)),
    "a gate": dict(
        equations="dv/dt = -v/tau : mV\nready : 1", threshold="v > 5*mV and ready > 0 and not v > 50*mV",
        reset="ready = 0", parameters=TAU,
    ),
    "a falling threshold": dict(equations="dv/dt = -v/tau : mV", threshold="v < 5*mV", parameters=TAU),
    "a hazard": dict(
        equations="dv/dt = -v/tau : mV", threshold="hazard(5*Hz*exp(v/mV)) and v > 0*mV", reset="v = 0*mV",
        parameters=TAU,
    ),
    "an infinite refractory period": dict(
        equations="dv/dt = -v/tau : mV", threshold="v > 5*mV", refractory="inf", parameters=TAU
    ),
    "a refractory expression": dict(
        equations="dv/dt = -v/tau : mV\nn : 1", threshold="v > 5*mV", reset="n += 1", refractory="tau*n + 2*ms",
        parameters=TAU,
    ),
    "noise": dict(
        equations="dv/dt = -v/tau + sigma*sqrt(2/tau)*xi + v*xi_m/sqrt(ms) + xi*mV/ms**0.5 : mV",
        parameters=dict(tau="10 ms", sigma="1 mV"),
    ),
    "random numbers in a reset": dict(
        equations="dv/dt = -v/tau : mV", threshold="v > 5*mV + randn()*mV", reset="v = rand()*mV", parameters=TAU
    ),
    "an adaptive threshold": dict(
        equations="dv/dt = -v/tau : mV\ndth/dt = -th/tau : mV", threshold="v > th", reset="th += 2*mV", parameters=TAU
    ),
    "a variable that events write": dict(
        equations="dv/dt = -v/tau : mV\nth : mV", threshold="v > th", reset="th += 1*mV",
        parameters=dict(tau="10 ms", th="5 mV"),
    ),
    "arrays": dict(equations="dv/dt = -v/tau : mV", parameters=dict(tau=np.array([5.0, 10.0]) * ms)),
    "a list of quantities": dict(equations="dv/dt = -v/tau : mV", parameters=dict(tau=["5 ms", 0.01 * 1000 * ms])),
    "two events": dict(
        equations="dv/dt = -v/tau : mV\nu : mV", threshold="v > 5*mV", reset="u += 1*mV", parameters=TAU,
        events=dict(plateau=Event("u > 3*mV", reset="u = 0*mV", refractory="50 ms")),
    ),
    "an event, but no spike": dict(
        equations="du/dt = -u/tau : mV", parameters=TAU, events=dict(plateau=Event("u > 3*mV", refractory="u > 1*mV"))
    ),
    "initial values": dict(
        equations="dv/dt = -v/tau : mV\nw : pA (constant)\nx : mV", threshold="v > x", reset="x = v",
        parameters=dict(tau="10 ms", w=3), initial=dict(v="w*2*Gohm + 5*mV", x="v"),
    ),
    "ranges": dict(equations="dv/dt = -v/tau : mV", parameters=TAU, ranges=dict(tau=(5, 50) * ms)),
}  # fmt: skip


@pytest.mark.parametrize("model", ACCEPTED.values(), ids=ACCEPTED)
def test_model_is_accepted(model):
    neuron = Neuron(**model)
    assert Hybrid.of(neuron).states == tuple(Hybrid.of(neuron).flow | Hybrid.of(neuron).maps)
    assert repr(neuron).startswith("Neuron neuron\n")
    assert neuron._repr_markdown_()


def test_comments_are_documentation():
    text = "dv/dt = (-v +   # of the first line\n  u)/tau : mV  # membrane potential\ntau : ms # time constant\nu : mV"
    neuron = Neuron(text, parameters=dict(tau=5, u=3))
    assert {name: v.doc for name, v in neuron.variables.items()} == {
        "v": "membrane potential",
        "tau": "time constant",
        "u": "",
    }


def test_bare_number_is_in_the_declared_unit():
    neuron = Neuron("tau : ms\nw : volt", parameters=dict(tau=20, w=2))
    assert neuron.constants["tau"].value == 20.0
    assert Neuron("tau : ms", parameters=dict(tau="0.02 second")).constants["tau"].value == 20.0


def test_one_letter_units_stand_in_declarations_only():
    assert Neuron("v : V", parameters=dict(v="5 V")).constants["v"].value == 5.0
