"""Pictures behind a slider: one HTML file that needs nothing else, neither a network nor a library."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Sequence
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.4 system-ui, sans-serif; color: #1f2730; margin: 1.5rem auto; max-width: {width}px;
  padding: 0 1rem; }}
h1 {{ font-size: 1.1rem; font-weight: 600; }}
img {{ width: 100%; height: auto; }}
form {{ display: flex; gap: 0.75rem; align-items: center; }}
input {{ flex: 1; accent-color: #0a6ca8; }}
button {{ font: inherit; width: 5rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
<img id="picture" alt="{alt}" src="{last}">
<form>
<button type="button" id="play">Play</button>
<input id="slider" type="range" min="0" max="{most}" value="{most}" aria-label="frame">
<output id="caption" for="slider">{caption}</output>
</form>
<script>
const pictures = {pictures}, captions = {captions};
const picture = document.getElementById("picture"), slider = document.getElementById("slider");
const caption = document.getElementById("caption"), play = document.getElementById("play");
let timer = null;
function show() {{
  picture.src = "data:image/png;base64," + pictures[slider.value];
  caption.textContent = captions[slider.value];
}}
function stop() {{ clearInterval(timer); timer = null; play.textContent = "Play"; }}
slider.addEventListener("input", () => {{ stop(); show(); }});
play.addEventListener("click", () => {{
  if (timer) return stop();
  if (+slider.value === pictures.length - 1) slider.value = 0;
  play.textContent = "Stop";
  show();
  timer = setInterval(() => {{
    if (+slider.value === pictures.length - 1) return stop();
    slider.value = +slider.value + 1;
    show();
  }}, {interval});
}});
</script>
</body>
</html>
"""


def write_slider(
    path: Path, pictures: Sequence[bytes], captions: Sequence[str], *, title: str, alt: str, width: int, interval: int
) -> Path:
    """Write PNG pictures with a slider, and a button that plays them; the last one is shown at first.

    Parameters
    ----------
    path : Path
    pictures : sequence of bytes
        At least one.
    captions : sequence of str
        One for each picture.
    title, alt : str
        Of the page, and for readers who do not see the pictures.
    width : int
        Of the page, pixels.
    interval : int
        Between pictures that are played, ms.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "two.html"
    >>> _ = write_slider(file, [b"1", b"2"], ["one", "two"], title="Two", alt="two", width=600, interval=100)
    >>> "https://" in file.read_text()
    False
    """
    texts = [base64.b64encode(picture).decode("ascii") for picture in pictures]
    page = PAGE.format(
        title=html.escape(title), alt=html.escape(alt), width=width, interval=interval, most=len(texts) - 1,
        last=f"data:image/png;base64,{texts[-1]}", caption=html.escape(captions[-1]), pictures=json.dumps(texts),
        captions=json.dumps(list(captions)).replace("<", "\\u003c"),
    )  # fmt: skip
    temporary = path.with_name(path.name + ".writing")
    temporary.write_text(page, encoding="utf-8")
    os.replace(temporary, path)
    return path
