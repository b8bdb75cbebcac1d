"""Philox and its keys: the published numbers, the published definition, and nothing that depends on the machine."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapicque.random import philox, random_words, stream_key

# The lines "philox4x32 10" of tests/kat_vectors in the Random123 distribution (github.com/DEShawResearch/random123):
# counter, key, result
KNOWN = """
00000000 00000000 00000000 00000000 00000000 00000000   6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff   408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0   d16cfe09 94fdcceb 5001e420 24126ea1
"""

WORD = st.integers(0, 2**32 - 1)


def by_definition(counter, key):
    """Philox4x32-10 as in the paper, with Python's integers."""
    left, right = [counter[1], counter[3]], [counter[0], counter[2]]
    for n in range(10):
        keys = [(k + n * w) % 2**32 for k, w in zip(key, (0x9E3779B9, 0xBB67AE85), strict=True)]
        products = [right[0] * 0xD2511F53, right[1] * 0xCD9E8D57]
        right = [products[1] // 2**32 ^ left[0] ^ keys[0], products[0] // 2**32 ^ left[1] ^ keys[1]]
        left = [products[1] % 2**32, products[0] % 2**32]
    return [right[0], left[0], right[1], left[1]]


def words(*integers):
    return [np.uint64(i) for i in integers]


@pytest.mark.parametrize("line", KNOWN.strip().splitlines())
def test_known_answers(line):
    numbers = [int(word, 16) for word in line.split()]
    assert list(philox(*words(*numbers[:6]))) == numbers[6:]


@given(counter=st.tuples(WORD, WORD, WORD, WORD), key=st.tuples(WORD, WORD))
def test_philox_is_the_papers_definition(counter, key):
    assert list(philox(*words(*counter, *key))) == by_definition(counter, key)


def test_arrays_give_what_numbers_give():
    counters = np.random.default_rng(1).integers(0, 2**32, (6, 100), dtype=np.uint64)
    together = np.array(philox(*counters))
    assert together.dtype == np.uint64
    for column, numbers in zip(together.T, counters.T, strict=True):
        assert list(column) == by_definition([int(n) for n in numbers[:4]], [int(n) for n in numbers[4:]])


@given(key=st.integers(0, 2**64 - 1), step=st.integers(0, 2**64 - 1), element=st.integers(0, 2**33 - 1), trial=WORD)
def test_what_goes_into_the_counter(key, step, element, trial):
    counter = [step % 2**32, step // 2**32, element // 2, trial]
    assert list(random_words(*words(key, step, element, trial))) == by_definition(counter, [key % 2**32, key // 2**32])


def test_keys_never_change():
    # The first eight bytes of BLAKE2b, as `printf '1/exc/xi' | b2sum -l 64` prints them, read from the last.
    assert stream_key(1, "exc/xi") == 0xA5DDBAA34FFD0AE1
    assert isinstance(stream_key(1, "exc/xi"), np.uint64)
    assert stream_key(np.int64(1), "exc/xi") == stream_key(1, "exc/xi")


def test_keys_differ():
    keys = {stream_key(seed, name) for seed in range(-50, 50) for name in ("a/x", "a/y", "b/x", "", "1/a/x")}
    assert len(keys) == 500


@pytest.mark.parametrize("seed", [None, 1.0, "1", True])
def test_a_seed_is_an_integer(seed):
    with pytest.raises(TypeError, match=r"a seed is an integer, not .*; write for example seed=1"):
        stream_key(seed, "exc/xi")


def test_a_name_is_a_string():
    with pytest.raises(TypeError, match=r'a string such as "exc/xi", not 3'):
        stream_key(1, 3)


def test_numba_is_not_loaded():
    code = "import sys, lapicque.random; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
