"""Izhikevich's simple model in its classic form of 2003, v in mV and time in ms.

The paper's input I is a voltage per time. Here it is the current ``i_ext`` divided by the capacitance ``c_m``: with the
1 pF below, a current in pA has the number of the paper's I, and fits to recorded currents find ``c_m``. The constant of
the quadratic, ``k_0``, takes up an offset of the current.

Classes of the paper (a, b, c, d): regular spiking 0.02, 0.2, -65, 8; intrinsically bursting -, -, -55, 4; chattering
-, -, -50, 2; fast spiking 0.1, 0.2, -65, 2; thalamo-cortical 0.02, 0.25, -65, 0.05; resonator 0.1, 0.26, -65, 2;
low-threshold spiking 0.02, 0.25, -65, 2.
"""

from lapicque.model import Neuron

izhikevich = Neuron(
    """
    dv/dt = k_2*v**2 + k_1*v + k_0 - u + i_ext/c_m : mV  # membrane potential
    du/dt = a*(b*v - u) : mV/ms                          # recovery
    i_ext  : pA (input)   # injected current
    c_m    : pF           # current that moves the voltage by 1 mV/ms
    k_2    : 1/(ms*mV)    # quadratic coefficient of the voltage
    k_1    : 1/ms         # linear coefficient of the voltage
    k_0    : mV/ms        # constant of the quadratic
    a      : 1/ms         # rate of the recovery
    b      : 1/ms         # coupling of the recovery to the voltage
    c      : mV           # reset potential
    d      : mV/ms        # jump of the recovery
    v_peak : mV           # peak of the spike
    """,
    threshold="v >= v_peak",
    reset="v = c; u += d",
    parameters=dict(
        c_m="1 pF", k_2="0.04 1/(ms*mV)", k_1="5 1/ms", k_0="140 mV/ms", a="0.02 1/ms", b="0.2 1/ms", c="-65 mV",
        d="8 mV/ms", v_peak="30 mV",
    ),
    initial=dict(v="-65 mV", u="b*v"),
    ranges=dict(
        c_m=("1 pF", "500 pF"),
        k_0=("130 mV/ms", "160 mV/ms"),
        a=("0.002 1/ms", "0.3 1/ms"),
        b=("-0.1 1/ms", "0.5 1/ms"),
        c=("-80 mV", "-40 mV"),
        d=("0.01 mV/ms", "30 mV/ms"),
    ),
    reference="Izhikevich 2003, doi:10.1109/TNN.2003.820440",
    name="izhikevich",
)  # fmt: skip
