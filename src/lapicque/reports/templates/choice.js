"use strict";
const slider = document.getElementById("candidate"), row = document.getElementById("chosen");
const rows = document.querySelectorAll("#candidates tbody tr"), lines = document.querySelectorAll("#axes .candidate");
const name = document.getElementById("chosen-name"), top_line = document.getElementById("top-line");
function choose(n) {
  slider.value = n;
  rows.forEach((each, k) => each.classList.toggle("chosen", k === n));
  top_line.setAttribute("points", lines[n].getAttribute("points"));
  rows[n].querySelectorAll("td").forEach((cell, k) => { row.children[k].textContent = cell.textContent; });
  name.textContent = "front[" + n + "]";
}
slider.addEventListener("input", () => choose(+slider.value));
rows.forEach((each, n) => each.addEventListener("click", () => choose(n)));
lines.forEach((each, n) => each.addEventListener("click", () => choose(n)));
document.getElementById("choice-form").hidden = false;
