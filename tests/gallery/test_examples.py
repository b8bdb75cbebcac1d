"""Every example of the gallery runs: a short version here or with the crosschecks, at full length by `make gallery`.

The full length stores a figure.
"""

import runpy
import time
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "gallery").glob("[a-z]*.py"))

#: Examples whose kernels are large, so that their short versions are left to the crosschecks, each with the tests of
#: what it is made of.
CROSSCHECKED = {
    "activation_maximisation": "fit/test_function_problem.py",
    "actor_critic": "environments/test_water_maze.py",
    "alpha_synapse": "train/eventprop/test_first_spikes.py",
    "ann_to_snn": "train/conversion/test_convert.py",
    "anytime": "train/losses/test_time_cross_entropy.py",
    "as_in_norse": "train/test_export.py",
    "as_in_snntorch": "train/test_spiking.py",
    "backprop_and_stdp": "train/test_spiking.py",
    "brunel": "models/test_brunel.py",
    "brunel_regimes": "theory/test_mean_field.py",
    "btsp": "synapses/test_rules_at_spikes.py",
    "cart_pole": "environments/test_cart_pole.py",
    "clopath_abs": "synapses/test_rules_of_voltage.py",
    "coba_hh": "models/test_cuba.py",
    "convergence": "plot/test_searching.py",
    "count_losses": "train/losses/test_readouts.py",
    "cuba": "models/test_cuba.py",
    "culture": "fit/networks/test_bursting_networks.py",
    "dale_and_attention": "train/constraints/test_in_layers.py",
    "decode_movement": "train/constraints/test_in_layers.py",
    "digits_stdp": "compile/learning/test_saving.py",
    "distal_reward": "synapses/test_rules_at_spikes.py",
    "egru": "train/test_egru.py",
    "encoders": "train/encoders/test_codes.py",
    "energy": "train/test_cost.py",
    "eprop_cue_accumulation": "crosscheck/test_eprop_nest.py",
    "eprop_memory": "train/eprop/test_learner.py",
    "eprop_online_network": "train/plasticity/test_rule_online.py",
    "eprop_pattern_generation": "crosscheck/test_eprop_nest.py",
    "eventprop_yin_yang": "train/losses/test_time_cross_entropy.py",
    "fede_stdp": "synapses/test_homeostasis.py",
    "feedback_control": "synapses/test_feedback_control.py",
    "fptt_adding": "train/test_fptt.py",
    "gif_dorsal_raphe": "fit/likelihood/test_gif.py",
    "gradient_flossing": "train/test_lyapunov.py",
    "h_mem": "synapses/test_hebbian_memory.py",
    "heterogeneity": "train/initialise/test_heterogeneous.py",
    "hybrid_fit": "fit/refine/test_refine.py",
    "inferred_plasticity": "fit/test_function_problem.py",
    "initialisation": "train/initialise/test_data_driven.py",
    "izhikevich_1000": "models/test_neuron_set.py",
    "leabra": "compile/network/test_reductions.py",
    "learn_delays": "train/test_module_delays.py",
    "local_losses": "train/test_local_losses.py",
    "loss_shaping": "train/eventprop/test_many_trials.py",
    "masquelier": "synapses/test_stdp_windows.py",
    "mean_field": "compile/network/test_reductions.py",
    "microcircuit": "models/test_brunel.py",
    "multi_step": "train/test_to_network.py",
    "multiplicative_gates": "synapses/test_products.py",
    "network_fit": "fit/networks/test_problem.py",
    "network_resonance": "theory/test_linear.py",
    "oja_and_force": "synapses/test_rules_of_rates.py",
    "one_shot_learning": "train/eprop/test_learner.py",
    "predictive_plasticity": "synapses/test_rules_of_rates.py",
    "pysnn_tour": "models/test_pysnn_cells.py",
    "replay": "synapses/test_stdp_windows.py",
    "resume": "synapses/test_rules_at_spikes.py",
    "reward_stdp": "synapses/test_rules_at_spikes.py",
    "s4nn": "train/eventprop/test_first_spikes.py",
    "sequential_digits": "train/test_sequential.py",
    "short_term_plasticity": "synapses/test_short_term.py",
    "silicon_neuron": "theory/test_onset.py",
    "single_cell_fits": "fit/test_hidden_cells.py",
    "small_networks": "models/test_neuron_set.py",
    "smooth_gradients": "train/eventprop/test_pseudospikes.py",
    "song_abbott": "synapses/test_stdp_windows.py",
    "spike_distances": "distances/populations/test_populations.py",
    "spikeprop": "train/eventprop/test_gradients.py",
    "stdp_to_bcm": "synapses/test_stdp_windows.py",
    "stdp_window": "synapses/test_stdp_windows.py",
    "stochastic_neurons": "train/test_stochastic.py",
    "structural_plasticity": "simulation/test_rewiring.py",
    "supervised_hebb": "synapses/test_rules_of_rates.py",
    "surrogate_randman": "train/test_spiking.py",
    "tavanaei_maida": "synapses/test_stdp_windows.py",
    "temporal_hierarchy": "train/initialise/test_heterogeneous.py",
    "terminal_fit": "plot/test_terminal.py",
    "train_mnist": "train/test_to_network.py",
    "validation": "fit/validation/test_negative_controls.py",
    "variability": "spikes/test_statistics.py",
    "vogels": "synapses/test_homeostasis.py",
}

#: Examples that need data which the repository does not hold, with a file that must be there.
NEEDS = {
    "gif_dorsal_raphe": "intracellular/gifk_DRN164/DRN164_5ht_training.abf",
    "train_mnist": "static/mnist/train-images-idx3-ubyte.gz",
}


@pytest.fixture(autouse=True)
def _figures_are_closed():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def find_data(example, data, monkeypatch):
    """Let an example find its data wherever it is run from, or skip it with the reason."""
    if example.stem in NEEDS:
        file = data(NEEDS[example.stem])
        monkeypatch.setenv("LAPICQUE_DATA", str(file.parents[NEEDS[example.stem].count("/")]))


def short(path):
    """An example as a parameter, marked where it is left to the crosschecks."""
    marks = [pytest.mark.crosscheck] if path.stem in CROSSCHECKED else []
    return pytest.param(path, id=path.stem, marks=marks)


def test_examples_are_left_out_for_tests_that_exist():
    assert set(CROSSCHECKED) <= {path.stem for path in EXAMPLES}
    assert set(NEEDS) <= {path.stem for path in EXAMPLES}
    assert not [file for file in CROSSCHECKED.values() if not (ROOT / "tests" / file).exists()]


@pytest.mark.parametrize("example", [short(path) for path in EXAMPLES])
def test_short_version_shows_the_mechanism(example, monkeypatch, data):
    find_data(example, data, monkeypatch)
    monkeypatch.setenv("LAPICQUE_SMOKE", "1")
    source = example.read_text()
    assert "\nassert " in source, f"{example.name} asserts nothing: say what the system must show"
    runpy.run_path(str(example), run_name="__main__")


@pytest.mark.gallery
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_full_length_and_store_the_figure(example, monkeypatch, record_property, data):
    import matplotlib.pyplot as plt

    find_data(example, data, monkeypatch)
    monkeypatch.delenv("LAPICQUE_SMOKE", raising=False)
    started = time.monotonic()
    try:
        left = runpy.run_path(str(example), run_name="__main__")
    except BaseException as error:
        record_property("merit", (example.stem, "failed", type(error).__name__, "", "", "no", ""))
        raise
    seconds = f"{time.monotonic() - started:.0f}"
    for row in [merit.row for merit in left.get("merits", ())] or [("",) * 5]:
        record_property("merit", (example.stem, *row, seconds))
    assert plt.get_fignums(), f"{example.name} draws no figure"
    stored = ROOT / "docs" / "gallery_figures" / f"{example.stem}.png"
    stored.parent.mkdir(exist_ok=True)
    plt.figure(plt.get_fignums()[-1]).savefig(stored, dpi=100, bbox_inches="tight")
    few = Image.open(stored).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE)  # which keeps rare colours
    few.save(stored, optimize=True)
    assert stored.stat().st_size <= 100_000, f"{stored.name} has more than 100 kB: draw less, or a smaller figure"
