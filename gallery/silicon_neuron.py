"""
A silicon neuron, designed in its phase plane
=============================================

A neuron can be built of a few transistors below their threshold, where currents are exponentials of voltages. Basu &
Hasler 2010 (Nullcline-based design of a silicon neuron, IEEE Trans. Circuits Syst. I 57, 2938) set its bias currents so
that the nullclines meet as they should, and measured on the chip how firing begins. There is no chip here: the circuit
below is a simpler one of the same kind, with equations of the transistors, an amplified sodium channel, and a potassium
channel whose gate follows the membrane through an amplifier of limited speed.

Its nullclines do not change with the bias current of that amplifier, so rest and threshold stay where they are. What
changes is how firing begins: slow potassium makes rest lose to an oscillation (Andronov-Hopf, class 2); fast potassium,
on an invariant circle, lets firing begin as slowly as one likes (saddle-node, class 1); in between, firing goes on down
to a loop through the saddle, beside a stable rest (saddle-homoclinic). `Cells of biology <excitability.html>`_ have the
same choice.

.. image:: /gallery_figures/silicon_neuron.png
   :alt: three phase planes with the same nullclines and different orbits, rates over the current from rest and from
         firing, and the periods near the onsets with their laws
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/silicon_neuron.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.model.plane import Plane
from lapicque.reports import Merit, merit_table
from lapicque.units import mV, pA

SMOKE = "LAPICQUE_SMOKE" in os.environ
dt = 0.05 if SMOKE else 0.02  # ms

silicon = lq.Neuron(
    """
    dv/dt = (i_ext + i_na - i_k)/c : mV                    # membrane
    dn/dt = i_n/c*tanh(kappa*(v - n)/(2*u_t)) : mV         # gate of the potassium channel: a follower
    i_na = i_na0*(1 - exp(-max(e_na - v, 0*mV)/u_t))/(1 + exp(-gain*kappa*(v - v_na)/u_t)) : pA
    i_k = i_k0*exp(kappa*(n - v_k)/u_t)*(1 - exp(-(v - e_k)/u_t)) : pA
    i_ext : pA (input)
    """,
    threshold="v > v_th", refractory="v > v_th",
    parameters=dict(c="10 pF", u_t="25.8 mV", kappa=0.7, gain=2, i_na0="350 pA", v_na="180 mV", e_na="400 mV",
                    i_k0="20 pA", v_k="100 mV", e_k="0 mV", i_n="200 pA", v_th="200 mV"),
    initial=dict(v="100 mV", n="100 mV"), name="silicon",
)  # fmt: skip
biases = {"Hopf": 40, "homoclinic": 110, "circle": 200}  # pA
cells = {name: silicon.with_(i_n=bias * pA) for name, bias in biases.items()}

# %%
# The design: at rest the gate has caught up, n = v, and the currents balance. The current at which rest meets the
# saddle is the largest that the membrane takes up along that line before sodium opens, whatever the bias.
# `lapicque.theory.onset` knows nothing of that: it follows the fixed point, and looks at the eigenvalues.
v = np.arange(100, 160, 0.001)
designed = (-10 * Plane(silicon).velocity(v, v)[0]).max()  # pF mV/ms is pA
onsets = {name: lq.theory.onset(cell, 10 * pA, 600 * pA) for name, cell in cells.items()}
for name, found in onsets.items():
    print(f"{name}: {found.kind} at {found.value:.3f} pA (design {designed:.3f}), {found.frequency:.1f} Hz")


# %%
# Rates over the current, of cells that begin at rest, and of cells that begin in a spike.
def rates(name, currents, firing, seconds=1.5 if SMOKE else 8):
    net = lq.Network()
    v, n = (300, 20) if firing else onsets[name].rest
    population = net.population(cells[name], len(currents), name="cells", initial=dict(v=v * mV, n=n * mV))
    net.stimulate(population, "i_ext", np.asarray(currents) * pA)
    net.record(population, "spikes")
    found = lq.simulate(net, f"{seconds} s", dt=f"{dt} ms", method="rk4", progress=False).spikes["cells"]
    late = found.window(500, 1000 * seconds)
    return 1000 / np.array([np.diff(times).mean() if len(times) > 2 else np.inf for times in late.to_lists()])


relative = np.linspace(-0.15, 0.1, 6) if SMOKE else np.linspace(-0.2, 0.1, 61)
curves = {
    name: {firing: rates(name, onsets[name].value * (1 + relative), firing) for firing in (False, True)}
    for name in cells
}
both = {name: int(np.sum((curve[True] > 0) & (curve[False] == 0))) for name, curve in curves.items()}
print("currents at which a cell can rest and fire:", both)

# %%
# On the circle, the rate is a square root of the distance to the onset.
distance = np.geomspace(3e-3, 1e-2, 3) if SMOKE else np.geomspace(1e-4, 3e-3, 10)
above = rates("circle", onsets["circle"].value * (1 + distance), False, 2 if SMOKE else 20)
exponent = np.polyfit(np.log(distance), np.log(above), 1)[0]

# %%
# To the loop through the saddle, the period grows by 1/λ each time the distance shrinks by e, where λ is how fast the
# saddle is left. Three searches, each within what the one before has left, find where firing ends.
low, high = onsets["homoclinic"].value * 0.97, onsets["homoclinic"].value
for _ in range(1 if SMOKE else 3):
    tried = np.linspace(low, high, 9 if SMOKE else 20)
    fires = rates("homoclinic", tried, True, 1.2 if SMOKE else 4) > 0
    low, high = tried[fires.argmax() - 1], tried[fires.argmax()]
loop = (low + high) / 2
width = 100 * (1 - loop / onsets["homoclinic"].value)
beyond = np.geomspace(0.06, 0.3, 4) if SMOKE else np.geomspace(5e-3, 5e-2, 10)  # pA
periods = 1000 / rates("homoclinic", loop + beyond, True, 1.5 if SMOKE else 10)
points = Plane(cells["homoclinic"], dict(i_ext=loop * pA)).fixed_points((50, 350), (50, 350))
(saddle,) = [point for point in points if point.kind == "saddle"]
left = max(value.real for value in saddle.eigenvalues)
growth = -np.polyfit(np.log(beyond), periods, 1)[0] * left
print(
    f"rates grow with the distance to the power {exponent:.2f}; the loop closes {width:.2f} % below the saddle-node, "
    f"and periods grow by {growth:.2f}/λ"
)

# %%
# An orbit for each bias, a little below the saddle-node, from above the saddle.
fig, axes = plt.subplots(2, 3, figsize=(11, 6.2), layout="constrained")
for ax, (name, cell) in zip(axes[0], cells.items(), strict=True):
    shown = 0.99 * designed
    net = lq.Network()
    one = net.population(cell, 1, name="cell", initial=dict(v=165 * mV, n=140 * mV))
    net.stimulate(one, "i_ext", shown * pA)
    net.record(one, "v", "n")
    trace = lq.simulate(net, "400 ms", dt=f"{dt} ms", method="rk4", progress=False).traces
    lq.plot.phase_plane(cell, ax, x=(40, 380), y=(40, 330), inputs=dict(i_ext=shown * pA), field=False,
                        legend=name == "Hopf")  # fmt: skip
    ax.plot(trace["cell.v"].values, trace["cell.n"].values, color="C3", lw=1)
    ax.set_title(f"bias {biases[name]} pA: {onsets[name].kind}", fontsize=9)
for (name, curve), colour in zip(curves.items(), ("C0", "C1", "C2"), strict=True):
    current = onsets[name].value * (1 + relative)
    axes[1, 0].plot(current, curve[False], color=colour, label=f"bias {biases[name]} pA")
    axes[1, 0].plot(current, curve[True], color=colour, lw=1, ls=":")
axes[1, 0].set(xlabel="i_ext (pA)", ylabel="rate (Hz), dotted: from firing")
axes[1, 0].legend(frameon=False)
axes[1, 1].loglog(designed * distance, above, "o", color="C2")
law = np.sqrt(distance)
axes[1, 1].loglog(designed * distance, above[-1] * law / law[-1], color="0.6", lw=0.8)
axes[1, 1].set(xlabel="i_ext beyond the saddle-node (pA)", ylabel="rate (Hz)", title="on the circle: a square root")
axes[1, 2].semilogx(beyond, periods, "o", color="C1")
axes[1, 2].semilogx(beyond, periods[-1] - np.log(beyond / beyond[-1]) / left, color="0.6", lw=0.8)
for ax in axes[1, 1:]:
    ax.xaxis.set_minor_formatter("")
axes[1, 1].yaxis.set_minor_formatter("")
axes[1, 2].set(xlabel="i_ext beyond the loop (pA)", ylabel="period (ms)", title="to the saddle: a logarithm")

# %%
off = 100 * abs(onsets["circle"].value / designed - 1)
merits = [
    Merit("current of the saddle-node, from the design", off, "< 0.01 %"),
    Merit("rate over the distance to the circle, power", exponent, "0.5 ± 0.05", published="0.5"),
    Merit("current below the saddle-node where firing lasts", width, "> 1 %", published="bistable"),
    Merit("growth of the period to the loop, λ", growth, "1 ± 0.1", published="1"),
    Merit("currents at which the class 2 cell rests or fires", both["Hopf"], "> 0"),
    Merit("currents at which the class 1 cell does", both["circle"], "= 0", published="0"),
]
print(merit_table(merits))
kinds = [found.kind for found in onsets.values()]
assert kinds == ["Andronov-Hopf", "saddle-node", "saddle-node"], kinds
assert off < 0.01
assert both["Hopf"] > 0 == both["circle"], both
assert 0.3 < exponent < 0.6, exponent
assert SMOKE or all(merit.met for merit in merits)
