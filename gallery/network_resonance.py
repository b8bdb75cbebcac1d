"""
Resonance, of cells and of networks
===================================

Some neurons answer best to inputs of a certain frequency. What of it is left in a network, and can a network prefer a
frequency that none of its cells does? Stark, Levi & Rotstein 2022 (doi:10.1371/journal.pcbi.1010364) find resonance at
each level of organisation, inherited from the one below or made anew, always by a low-pass and a high-pass filter
together. Four of these, each with a chirp (or regular spikes) through the simulation beside its theory:

* a membrane with a current that opposes slow changes, by `lapicque.theory.linearise` from its equations;
* a cell without one, coupled to such a membrane by a gap junction: it inherits the resonance, and how much of a signal
  comes through prefers a frequency as well (Chen, Li, Rotstein & Nadim 2016, doi:10.1152/jn.00361.2016);
* a synapse that facilitates and is depressed (Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502);
* excitatory and inhibitory cells without any resonance of their own, whose loop has one.

.. image:: /gallery_figures/network_resonance.png
   :alt: impedances of a resonant and a passive cell alone and coupled, the coupling coefficient, the amplitude of a
         dynamic synapse against the rate, the impedance of a loop, and the gain of a spiking network
"""

# sphinx_gallery_thumbnail_path = 'gallery_figures/network_resonance.png'

import os

import matplotlib.pyplot as plt
import numpy as np

import lapicque as lq
from lapicque.reports import Merit, merit_table
from lapicque.units import Hz, ms, mV, nS, pA

SMOKE = "LAPICQUE_SMOKE" in os.environ
seconds, last = (4, 25) if SMOKE else (20, 40)  # of the chirp, and its last frequency in Hz
show = np.linspace(1.5, last - 5, 40)

# %%
# A membrane with the hyperpolarisation-activated current, which is slow and opposes what the voltage does, and the
# persistent sodium current, which is fast and amplifies it. The other has a leak only.
resonant = lq.Neuron(
    """
    dv/dt = (g_l*(e_l - v) + g_p*(e_na - v)/(1 + exp(-(v + 38*mV)/(6.5*mV))) + g_h*h*(e_h - v) + i_0 + i_ext)/c_m : mV
    dh/dt = (1/(1 + exp((v + 79.2*mV)/(9.78*mV))) - h)/tau_h : 1
    i_ext : pA (input)
    """,
    parameters=dict(c_m="100 pF", g_l="5 nS", g_p="4 nS", g_h="20 nS", e_l="-65 mV", e_na="55 mV", e_h="-20 mV",
                    tau_h="80 ms", i_0="-100 pA"),
    initial=dict(v="-60.8 mV", h=0.13), name="resonant",
)  # fmt: skip
passive = lq.Neuron(
    "dv/dt = (g_l*(e_l - v) + i_ext)/c_m : mV\ni_ext : pA (input)",
    parameters=dict(c_m="50 pF", g_l="3 nS", e_l="-61 mV"), initial=dict(v="e_l"), name="passive",
)  # fmt: skip


def transfer(response, stimulus, dt, at=show, width=0.4):
    """Complex gain at frequencies, from spectra in bands around them; both are 0 at rest. dt in ms."""
    spectra = [np.fft.rfft(x) for x in (response, stimulus)]
    frequency = np.fft.rfftfreq(len(stimulus), dt / 1000)
    bands = [np.abs(frequency - f) < width / 2 for f in at]
    return np.array([np.vdot(spectra[1][b], spectra[0][b]) / np.vdot(spectra[1][b], spectra[1][b]) for b in bands])


def measured(first, second, connect=None):
    """Response of two cells to a current into the first, (frequency, cell) in GΩ, by a chirp of 1 pA."""
    net = lq.Network()
    pair = net.population(first, 1, name="first"), net.population(second, 1, name="second")
    if connect:
        connect(net, *pair)
    probe = net.population(passive, 1, name="probe")  # whose input is the chirp and nothing else
    chirp = lq.stimuli.chirp(1 * pA, 0.5 * Hz, last * Hz, start=1000 * ms, stop=1000 * (1 + seconds) * ms)
    net.stimulate(pair[0], "i_ext", chirp)
    net.stimulate(probe, "i_ext", chirp)
    for cell in pair:
        net.record(cell, "v", every=1 * ms)
    net.record(probe, "i_ext", every=1 * ms)
    found = lq.simulate(net, 1000 * (seconds + 1.5) * ms, dt=0.05 * ms, progress=False).traces
    sent, *voltages = (found[name].values[900:, 0] for name in ("probe.i_ext", "first.v", "second.v"))
    return np.stack([transfer(v - v[0], sent, 1.0) for v in voltages], axis=1)


def junction(net, first, second):
    for source, target in ((first, second), (second, first)):
        net.connect(source, target, lq.synapses.gap_junction(), into="i_ext", w=g_gap * nS)


# %%
# Theory: the currents of coupled cells add up, so that their admittances (1/impedance) make a matrix.
def response(first, second, into_first=0.0, into_second=0.0):
    """Of both cells to a current into the first, (frequency, cell) in GΩ; what a voltage sends to the other in nS."""
    matrix = np.array([[first, -into_first + 0 * show], [-into_second + 0 * show, second]])
    return np.linalg.inv(matrix.transpose(2, 0, 1))[:, :, 0]


g_gap = 20  # nS
y = {cell.name: 1 / lq.theory.linearise(cell).transfer(show) for cell in (resonant, passive)}
alone = measured(resonant, passive), response(y["resonant"], y["passive"])
inherited = measured(passive, resonant, junction), response(y["passive"] + g_gap, y["resonant"] + g_gap, g_gap, g_gap)
forward = measured(resonant, passive, junction), response(y["resonant"] + g_gap, y["passive"] + g_gap, g_gap, g_gap)


def off(pair):
    """The largest deviation of the simulated from the theoretical response of the first cell, in percent."""
    ours, exact = (np.abs(response[:, 0]) for response in pair)
    return 100 * np.abs(ours / exact - 1).max()


def preferred(gain):
    """The frequency of the largest gain, and that gain over the one at the lowest frequency shown."""
    return show[np.abs(gain).argmax()], np.abs(gain).max() / np.abs(gain[0])


coupling = {name: pair[0][:, 1] / pair[0][:, 0] for name, pair in (("resonant", inherited), ("passive", forward))}
gains = {
    "resonant cell": alone[0][:, 0],
    "passive cell": 1 / y["passive"],
    "passive cell, coupled": inherited[0][:, 0],
    "coupling to the resonant cell": coupling["resonant"],
    "coupling to the passive cell": coupling["passive"],
}

# %%
# A loop of two passive cells: the voltage of one opens the other's excitation, whose voltage, with a slower membrane,
# inhibits the first.
slow = passive.with_(c_m="150 pF", g_l="2 nS")
to_inhibition, to_excitation = 5, -4  # nS
graded = lq.Synapse("i_sum = w*(v_pre + 61*mV) : pA (summed)\nw : nS (weight)")


def loop(net, first, second):
    net.connect(first, second, graded, into="i_ext", w=to_inhibition * nS)
    net.connect(second, first, graded, into="i_ext", w=to_excitation * nS)


y_slow = 1 / lq.theory.linearise(slow).transfer(show)
looped = measured(passive, slow, loop), response(y["passive"], y_slow, to_excitation, to_inhibition)
gains["loop of passive cells"] = looped[0][:, 0]
for name, gain in gains.items():
    print("{}: {:.1f} Hz, {:.2f} times the lowest frequency".format(name, *preferred(gain)))

# %%
# A synapse that facilitates and is depressed, under regular spikes: in the steady state its use and the resources at a
# spike follow from two linear recursions. What it passes on per spike is largest in between.
use_0, tau_d, tau_f = 0.1, 100.0, 600.0  # ms
frequencies = np.array([2, 10, 40.0] if SMOKE else [1, 2, 4, 6, 8, 10, 15, 20, 30, 40.0])
net = lq.Network()
count = 40  # spikes, of which the last 10 are counted
trains = [1000 / f * np.arange(1, count + 1) for f in frequencies]
source = net.spikes(trains, name="source")
collector = lq.Neuron("dq/dt = 0/ms : 1")
target = net.population(collector, len(frequencies), name="target")
dynamic = lq.synapses.tsodyks_markram(lq.Synapse("w : 1", on_pre="q_post += w"), use_0, tau_d * ms, tau_f * ms)
net.connect(source, target, dynamic, w=1.0, where=lq.one_to_one())
net.record(target, "q", every=5 * ms)
trace = lq.simulate(net, 1000 * count / frequencies[0] * 1.01 * ms, dt=0.1 * ms, progress=False).traces["target.q"]
times = np.asarray(trace.times)
middle = [np.searchsorted(times, train[-11] + 500 / f) for train, f in zip(trains, frequencies, strict=True)]
amplitude = np.array([(trace.values[-1, k] - trace.values[at, k]) / 10 for k, at in enumerate(middle)])


def steady(f):
    forgets, recovers = np.exp(-1000 / f / tau_f), np.exp(-1000 / f / tau_d)
    use = use_0 / (1 - (1 - use_0) * forgets)
    return use * (1 - recovers) / (1 - (1 - use) * recovers)


released = 100 * np.abs(amplitude / steady(frequencies) - 1).max()
print("synapse: largest at", frequencies[amplitude.argmax()], "Hz")


# %%
# Spikes: 800 excitatory cells, whose Poisson input has a rate that is modulated by a chirp, with 200 inhibitory ones
# that they drive and that inhibit them. Or with random inhibition in place of theirs, at the same rate.
cell = lq.Neuron(
    "dv/dt = (x - v)/tau_m : mV (unless refractory)\ndx/dt = -x/tau_x : mV",
    threshold="v > 20*mV", reset="v = 10*mV", refractory="2 ms", parameters=dict(tau_m="20 ms", tau_x="5 ms"),
)  # fmt: skip
long, trials = (3, 2) if SMOKE else (20, 6)  # seconds
t = np.arange(0, 1000 * long, 0.1)
modulation = np.sin(2 * np.pi * (2 * t + 118 * t**2 / (2000 * long)) / 1000)  # from 2 to 120 Hz
show_spikes = np.arange(4, 115, 8.0 if SMOKE else 3.0)


def spiking(random_inhibition=None):
    """Gain of the excitatory rate, in Hz per relative modulation; and the rate of the inhibitory cells in Hz."""
    net = lq.Network()
    exc, inh = (
        net.population(cell, count, name=name, initial=dict(v="20*mV*rand()"))
        for name, count in (("exc", 800), ("inh", 200))
    )
    modulated = 14 * (1 + 0.15 * modulation) * Hz
    net.stimulate(exc, "v", lq.stimuli.poisson(modulated, w=0.5 * mV, n=160, dt=0.1 * ms))
    net.stimulate(inh, "v", lq.stimuli.poisson(8 * Hz, w=0.5 * mV, n=160))
    net.connect(exc, inh, on_pre="v_post += w", w=0.3 * mV, delay=1.5 * ms, where=lq.fixed_in_degree(80))
    if random_inhibition is None:
        net.connect(inh, exc, on_pre="x_post += w", w=-0.5 * mV, delay=1.5 * ms, where=lq.fixed_in_degree(40))
    else:
        net.stimulate(exc, "x", lq.stimuli.poisson(random_inhibition * Hz, w=-0.5 * mV, n=40))
    net.record(exc, "spikes")
    net.record(inh, "spikes")
    found = lq.simulate(net, 1000 * long * ms, dt=0.1 * ms, trials=trials, seed=1, progress=False).spikes
    rate = 1000 * np.histogram(found["exc"].times, np.arange(0, 1000 * long + 1))[0] / (800 * trials)
    sent = 0.15 * modulation.reshape(-1, 10).mean(1)
    return transfer(rate - rate.mean(), sent, 1.0, show_spikes, 6.0), found["inh"].rate().mean()


closed, inhibitory_rate = spiking()
opened, _ = spiking(inhibitory_rate)
peak = show_spikes[np.abs(closed).argmax()], np.abs(closed).max() / np.abs(closed[0])
open_peak = np.abs(opened).max() / np.abs(opened[:2]).mean()
print(
    f"spiking network: {peak[0]:.0f} Hz, {peak[1]:.1f} times the lowest frequency; "
    f"with random inhibition {open_peak:.2f}"
)

# %%
fig, axes = plt.subplots(2, 3, figsize=(11, 5.8), layout="constrained")
for ax, shown, title in (
    (axes[0, 0], (("resonant", "C3", alone), ("passive, coupled", "C0", inherited)), "a cell, and one coupled to it"),
    (axes[1, 0], (("loop", "C2", looped),), "a loop of passive cells"),
):
    for name, colour, (ours, exact) in shown:
        ax.plot(show, 1000 * np.abs(exact[:, 0]), color=colour, lw=1)
        ax.plot(show, 1000 * np.abs(ours[:, 0]), ".", color=colour, ms=4, label=name)
    ax.plot(show, 1000 / np.abs(y["passive"]), color="0.6", lw=0.8, ls="--", label="passive, alone")
    ax.set(xlabel="frequency (Hz)", ylabel="impedance (MΩ)", title=title)
    ax.legend(frameon=False)
for name, colour, pair in (("resonant", "C3", inherited), ("passive", "C0", forward)):
    axes[0, 1].plot(show, np.abs(pair[1][:, 1] / pair[1][:, 0]), color=colour, lw=1)
    axes[0, 1].plot(show, np.abs(coupling[name]), ".", color=colour, ms=4, label=f"to the {name} cell")
axes[0, 1].set(xlabel="frequency (Hz)", ylabel="coupling coefficient", title="through the gap junction")
axes[0, 1].legend(frameon=False)
for (name, (ours, exact)), colour in zip({"resonant": alone, "loop": looped}.items(), ("C3", "C2"), strict=True):
    axes[0, 2].plot(show, np.degrees(np.angle(exact[:, 0])), color=colour, lw=1, label=name)
    axes[0, 2].plot(show, np.degrees(np.angle(ours[:, 0])), ".", color=colour, ms=4)
axes[0, 2].axhline(0, color="0.7", lw=0.8)
axes[0, 2].set(xlabel="frequency (Hz)", ylabel="phase (degrees)", title="ahead of the current, and behind")
axes[0, 2].legend(frameon=False)
fine = np.geomspace(1, 40, 100)
axes[1, 1].semilogx(fine, steady(fine), color="C4", lw=1)
axes[1, 1].semilogx(frequencies, amplitude, ".", color="C4")
axes[1, 1].set(xlabel="rate (Hz)", ylabel="released by a spike", title="a dynamic synapse")
axes[1, 2].plot(show_spikes, np.abs(closed), color="C2", label="network")
axes[1, 2].plot(show_spikes, np.abs(opened), color="0.6", label="random inhibition")
axes[1, 2].set(xlabel="frequency (Hz)", ylabel="gain of the rate (Hz)", title="spikes", ylim=(0, None))
axes[1, 2].legend(frameon=False)

# %%
merits = [
    Merit("impedance of the resonant cell, off from theory", off(alone), "< 3 %"),
    Merit("... of the passive cell coupled to it", off(inherited), "< 3 %"),
    Merit("... of the loop", off(looped), "< 3 %"),
    Merit("the resonant cell prefers", preferred(alone[0][:, 0])[0], "4 to 12 Hz", published="theta"),
    Merit("the coupled passive cell, over its low frequencies", preferred(inherited[0][:, 0])[1], "> 1.2"),
    Merit("coupling to the resonant cell, over low frequencies", preferred(coupling["resonant"])[1], "> 1.1"),
    Merit("coupling to the passive cell, over low frequencies", preferred(coupling["passive"])[1], "< 1.01"),
    Merit("the loop, over low frequencies", preferred(looped[0][:, 0])[1], "> 1.5", published="intrinsic"),
    Merit("the synapse's release, off from theory", released, "< 1 %"),
    Merit("the spiking network, over low frequencies", peak[1], "> 2", published="gamma"),
    Merit("the spiking network prefers", peak[0], "25 to 80 Hz", published="gamma"),
    Merit("... with random inhibition, over low frequencies", open_peak, "< 1.2"),
]
print(merit_table(merits))
assert off(alone) < 5
assert off(inherited) < 5
assert preferred(coupling["resonant"])[1] > preferred(coupling["passive"])[1]
assert preferred(looped[0][:, 0])[1] > 1.5
assert amplitude[frequencies == 10.0][0] > max(amplitude[0], amplitude[-1])
assert peak[1] > open_peak
assert SMOKE or all(merit.met for merit in merits)
