"""Bursts: where the spikes of a neuron, and the bursts of a network, crowd together."""
