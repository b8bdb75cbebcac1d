"""Rules by which synapses come and go: values with one method, which a network applies at regular times.

A rule looks at a projection between two steps and says which synapses go and which come; `Network.restructure` says
when. Weights are what the synapse's equations make of them: a rule only decides about existence.

>>> import lapicque as lq
>>> net = lq.Network()
>>> cells = net.population(lq.neurons.lif, 50, name="cells")
>>> synapses = net.connect(cells, cells, on_pre="v += w", where=lq.edges([], []), w="0.1 mV", delay="1 ms")
>>> net.restructure(synapses, lq.structure.growth(rate="0.5 Hz"), every="100 ms")
Restructuring(cells->cells by growth every 100 ms)
>>> result = lq.simulate(net, "1 second")
>>> 500 < len(result.synapses["cells->cells"]) < 1300  # 50 x 49 pairs, 0.9 s
True
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Change": "rule",
        "Restructuring": "restructuring",
        "Rule": "rule",
        "elements": "elements",
        "growth": "growth",
        "pruning": "pruning",
        "rewiring": "rewiring",
    },
)
