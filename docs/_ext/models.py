"""A page for every neuron of the catalogue, rendered from the model itself when the documentation is built."""

from pathlib import Path

import lapicque
from lapicque.model.render import to_markdown

HEADING = """# Neurons

Every model of the catalogue is a value written in the [model language](../language.md): equations, units and
parameters below are rendered from it.

```{toctree}
:maxdepth: 1

"""


def write_pages(app):
    """Write ``neurons/NAME.md`` for every neuron that ``lapicque.neurons`` exports, and the page that lists them."""
    folder = Path(app.srcdir) / "neurons"
    folder.mkdir(exist_ok=True)
    neurons = {name: getattr(lapicque.neurons, name) for name in lapicque.neurons.__all__}
    models = {name: model for name, model in neurons.items() if isinstance(model, lapicque.Neuron)}
    for name, model in models.items():
        _write(folder / f"{name}.md", f"# {name}\n\n```python\nlapicque.neurons.{name}\n```\n\n{to_markdown(model)}\n")
    _write(folder / "index.md", HEADING + "\n".join(models) + "\n```\n")
    for page in folder.glob("*.md"):
        if page.stem not in {*models, "index"}:
            page.unlink()


def _write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def setup(app):
    """Connect to Sphinx."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
