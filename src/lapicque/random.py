"""Counter-based random numbers: Philox4x32-10, and the keys and counters that lapicque gives it.

A draw is a pure function of what it is for, so it does not depend on threads, on the order of work or on what else is
simulated:

* the **key**, 64 bits, says whose numbers these are: `stream_key` of the seed and a name such as ``"exc/xi"``;
* the **counter**, 128 bits, says which one: the step (64 bits), the element, that is the neuron or synapse (32 bits),
  and the trial (32 bits).

Elements 2 i and 2 i + 1 share one counter, (step, i, trial), whose four words give both of them a number: the first
or the last two words make a uniform number, and the Box-Muller transform turns all four into two normal numbers.
`lapicque.compile.random_kernels` has these, for arrays and for compiled kernels.

The functions here are plain arithmetic on uint64 whose upper halves are zero: they mean the same on NumPy arrays,
on NumPy scalars and in compiled kernels.

References
----------
Salmon, Moraes, Dror & Shaw 2011, Parallel random numbers: as easy as 1, 2, 3, doi:10.1145/2063384.2063405
"""

import hashlib
import operator

import numpy as np

WORD = np.uint64(0xFFFFFFFF)
WORD_BITS = np.uint64(32)

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)  # the golden ratio, and sqrt(3) - 1


def stream_key(seed: int, name: str) -> np.uint64:
    """The key of one stream of random numbers.

    Parameters
    ----------
    seed : int
        Any integer.
    name : str
        Whose numbers these are, by convention ``"population/symbol"``.

    Returns
    -------
    numpy.uint64
        The first 64 bits of the BLAKE2b hash of both: the same in every process and on every machine.

    Raises
    ------
    TypeError
        If the seed is not an integer or the name not a string.

    Examples
    --------
    >>> hex(stream_key(1, "exc/xi")), hex(stream_key(1, "inh/xi"))
    ('0xa5ddbaa34ffd0ae1', '0x50d003596ee87d83')
    """
    if isinstance(seed, bool):
        raise TypeError(f"a seed is an integer, not {seed}; write for example seed=1")
    try:
        number = operator.index(seed)
    except TypeError:
        raise TypeError(f"a seed is an integer, not {seed!r}; write for example seed=1") from None
    if not isinstance(name, str):
        raise TypeError(f'the name of a random stream is a string such as "exc/xi", not {name!r}')
    digest = hashlib.blake2b(f"{number}/{name}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four random words from a counter of four words and a key of two.

    Parameters
    ----------
    c0, c1, c2, c3, k0, k1 : uint64
        Words of 32 bits, held in 64.

    Returns
    -------
    tuple of four uint64
        Words of 32 bits, held in 64.

    Examples
    --------
    >>> zero = np.uint64(0)
    >>> [f"{word:08x}" for word in philox(zero, zero, zero, zero, zero, zero)]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    for _ in range(10):
        first, second = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (second >> WORD_BITS) ^ c1 ^ k0,
            second & WORD,
            (first >> WORD_BITS) ^ c3 ^ k1,
            first & WORD,
        )
        k0, k1 = (k0 + _WEYL[0]) & WORD, (k1 + _WEYL[1]) & WORD
    return c0, c1, c2, c3


def random_words(key, step, element, trial):
    """The four words that `element` shares with its neighbour, of which the first two belong to an even element.

    Parameters
    ----------
    key : uint64
        From `stream_key`.
    step, element, trial : uint64
        Each a number or an array; the element is below 2^33 and the trial below 2^32.

    Returns
    -------
    tuple of four uint64
        Words of 32 bits, held in 64.

    Examples
    --------
    >>> key, step, trial = stream_key(1, "exc/xi"), np.uint64(0), np.uint64(0)
    >>> random_words(key, step, np.uint64(6), trial) == random_words(key, step, np.uint64(7), trial)
    True
    """
    pair = (element >> np.uint64(1)) & WORD
    return philox(step & WORD, step >> WORD_BITS, pair, trial & WORD, key & WORD, key >> WORD_BITS)


def uniform_numbers(key, step, element, trial=0):
    """Uniform random numbers between 0 and 1, both excluded, by NumPy.

    Parameters
    ----------
    key : uint64
        From `stream_key`.
    step, element, trial : int or array of int
        Broadcast against each other.

    Returns
    -------
    numpy.ndarray, float64
        To the bit those of `lapicque.compile.random_kernels.uniform`.

    Examples
    --------
    >>> uniform_numbers(stream_key(1, "exc/rand"), 0, np.arange(3)).round(6).tolist()
    [0.938574, 0.793328, 0.557961]
    """
    even, (w0, w1, w2, w3) = _words_of(key, step, element, trial)
    return _between_zero_and_one(np.where(even, w0, w2), np.where(even, w1, w3))


def normal_numbers(key, step, element, trial=0):
    """Normal random numbers of mean 0 and variance 1, by NumPy and the Box-Muller transform.

    Parameters
    ----------
    key, step, element, trial : as for `uniform_numbers`

    Returns
    -------
    numpy.ndarray, float64
        Within rounding those of `lapicque.compile.random_kernels.normal`.

    References
    ----------
    Box & Muller 1958, A note on the generation of random normal deviates, doi:10.1214/aoms/1177706645

    Examples
    --------
    >>> normal_numbers(stream_key(1, "exc/xi"), 0, np.arange(3)).round(6).tolist()
    [-1.382839, 0.569706, -1.289217]
    """
    even, (w0, w1, w2, w3) = _words_of(key, step, element, trial)
    radius = np.sqrt(-2.0 * np.log(_between_zero_and_one(w0, w1)))
    angle = 2.0 * np.pi * _between_zero_and_one(w2, w3)
    return radius * np.where(even, np.cos(angle), np.sin(angle))


def _words_of(key, step, element, trial):
    element = np.atleast_1d(np.asarray(element)).astype(np.uint64)
    numbers = (np.asarray(x).astype(np.uint64) for x in (key, step, element, trial))
    return (element & np.uint64(1)) == np.uint64(0), random_words(*np.broadcast_arrays(*numbers))


def _between_zero_and_one(low, high):
    """The middle of one of 2^52 equal parts of (0, 1), from two words."""
    bits = (((high << WORD_BITS) | low) >> np.uint64(12)) | np.uint64(0x3FF0000000000000)
    return bits.view(np.float64) - (1.0 - 2.0**-53)
