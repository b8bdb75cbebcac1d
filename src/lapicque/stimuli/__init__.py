"""Stimuli, one function each: currents as functions of time, noise, samples, Poisson spikes, Python functions.

`lapicque.Network.stimulate` puts them to work.

Examples
--------
>>> from lapicque import stimuli
>>> stimuli.function("50*pA*sin(2*pi*10*Hz*t)")
function('50*pA*sin(2*pi*10*Hz*t)')
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "array": "array",
        "callable": "callable",
        "chirp": "chirp",
        "function": "function",
        "ornstein_uhlenbeck": "ornstein_uhlenbeck",
        "poisson": "poisson",
        "pulse": "pulse",
        "ramp": "ramp",
        "sine": "sine",
        "step": "step",
        "white_noise": "white_noise",
    },
)
