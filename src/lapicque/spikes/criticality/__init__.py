"""Avalanches of a network, how activity branches, and whether sizes follow a power law."""
