"""Sphinx configuration. Warnings are errors; nothing is fetched; the gallery shows stored figures."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import lapicque

project = "lapicque"
author = "The lapicque developers"
project_copyright = f"2026, {author}"
version = release = lapicque.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "models",  # _ext/models.py: a page for every neuron of the catalogue
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"lapicque {release}"

myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_ignore_module_all = False  # a package's public names are those of its __all__, loaded at first access
autodoc_typehints = "none"
numpydoc_show_class_members = False

# Examples are not run here: each shows the figure that `make gallery` stored in gallery_figures/.
sphinx_gallery_conf = {
    "examples_dirs": "../gallery",
    "gallery_dirs": "auto_gallery",
    "plot_gallery": "False",
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
}
