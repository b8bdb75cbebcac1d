"""A cell of the dorsal raphe: the electrode, the GIF in seconds, and what it predicts of another current."""

import warnings

import pytest

import lapicque as lq


@pytest.fixture(scope="module")
def cell(data):
    files = {part: data(f"intracellular/gifk_DRN164/DRN164_5ht_{part}.abf") for part in ("aec", "training", "test")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lq.errors.LapicqueNotice)  # that the electrode's recording has no spikes
        return {part: lq.io.read(file) for part, file in files.items()}


def test_the_electrode_is_small_before_a_membrane_of_a_gigaohm(cell):
    electrode = lq.fit.electrode_kernel(cell["aec"])
    assert 10 < electrode.resistance.value < 60
    assert 800 < electrode.membrane_resistance.value < 1200
    assert 35 < electrode.membrane_tau.value < 55


@pytest.mark.crosscheck
def test_a_threshold_that_follows_explains_unseen_spikes(cell):
    electrode = lq.fit.electrode_kernel(cell["aec"])
    kernels = lq.fit.exponentials("10 ms", "50 ms", "250 ms")
    same = dict(electrode=electrode, current=kernels, threshold=kernels, t_ref="8 ms")
    plain = lq.fit.gif(cell["training"], **same)
    following = lq.fit.gif(cell["training"], accommodation=lq.fit.exponentials("5 ms", "50 ms"), **same)
    assert plain.n_spikes == following.n_spikes == 527
    assert following.explained_voltage > 0.88
    assert following.aic < plain.aic - 500
    test = lq.fit.trials_of(cell["test"])
    assert following.bits_per_spike(test) > plain.bits_per_spike(test) + 0.3 > 1.3
    reached = [fit.score(test, runs=30).gamma_over_reliability for fit in (plain, following)]
    print("coincidence over reliability", reached)
    assert reached[1] > 2 * reached[0] - 0.02 > 0.2
    # the cell is more than any GIF, and the test says so
    assert following.time_rescaling(test).p < 1e-3
