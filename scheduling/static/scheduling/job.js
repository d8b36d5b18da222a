// The bars of a job's chart: arrow keys go from one to the next, and what the bar under the
// pointer or the focus stands for is told below it.
"use strict";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

function tell(event) {
  const bar = event.target.closest?.(".job-bar");
  const told = document.querySelector(".job-told");
  if (told) {
    told.textContent = bar ? bar.querySelector("title").textContent : "";
  }
}

function step(event) {
  const bar = event.target.closest?.(".job-bar");
  if (!bar || !(event.key in STEPS)) {
    return;
  }
  const bars = [...document.querySelectorAll(".job-bar")];
  const wanted = bars.indexOf(bar) + STEPS[event.key];
  const next = bars[Math.min(Math.max(wanted, 0), bars.length - 1)];
  bar.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
  event.preventDefault();
}

addEventListener("keydown", step);
addEventListener("pointerover", tell);
addEventListener("focusin", tell);
