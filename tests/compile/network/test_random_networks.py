"""Networks that nobody wrote mean the same to the interpreter and to compiled code, to the last bit."""

import pytest

#: Seed of a network that compiles quickly.
QUICK = 16


def compare(seed, net, every_way, check_alike):
    precision = "float32" if seed % 3 == 0 else "float64"
    answers = every_way(
        net, "20 ms", dt="0.05 ms", seed=seed, wiring_seed=seed + 1, trial=seed % 4, precision=precision
    )
    check_alike(answers)
    assert sum(len(trains.times) for trains in answers["reference"].spikes.values()) > 20


def test_a_random_network(random_network, every_way, check_alike):
    compare(QUICK, random_network(QUICK), every_way, check_alike)


@pytest.mark.crosscheck
@pytest.mark.parametrize("seed", sorted({*range(24)} - {QUICK}))
def test_more_random_networks(seed, random_network, every_way, check_alike):
    compare(seed, random_network(seed), every_way, check_alike)
