// The strips of bars: one tab stop each, the arrow keys go from bar to bar, and what the bar
// under the pointer or the focus stands for is written in the line beneath.
"use strict";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

function barOf(target) {
  return target instanceof Element ? target.closest("svg.st a") : null;
}

function say(bar) {
  const line = bar.closest("td")?.querySelector("[data-says]");
  if (line) {
    line.textContent = bar.querySelector("title").textContent;
  }
}

function hush(bar) {
  const line = bar.closest("td")?.querySelector("[data-says]");
  const focused = barOf(document.activeElement);
  if (focused && focused.closest("td") === bar.closest("td")) {
    say(focused);
  } else if (line) {
    line.textContent = "";
  }
}

function go(bar, step) {
  const bars = [...bar.closest("svg").querySelectorAll("a")];
  const place = Math.min(Math.max(bars.indexOf(bar) + step, 0), bars.length - 1);
  for (const each of bars) {
    each.setAttribute("tabindex", each === bars[place] ? "0" : "-1");
  }
  bars[place].focus();
}

document.addEventListener("keydown", (event) => {
  const bar = barOf(event.target);
  const step = STEPS[event.key];
  if (bar && step && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    go(bar, step);
  }
});

for (const [begin, end] of [["focusin", "focusout"], ["pointerover", "pointerout"]]) {
  document.addEventListener(begin, (event) => {
    const bar = barOf(event.target);
    if (bar) {
      say(bar);
    }
  });
  document.addEventListener(end, (event) => {
    const bar = barOf(event.target);
    if (bar) {
      // The focus has not arrived anywhere yet.
      setTimeout(() => bar.isConnected && hush(bar));
    }
  });
}

// The fresh part knows nothing of where somebody is.
document.addEventListener("htmx:after:swap", () => {
  const bar = barOf(document.activeElement);
  if (bar) {
    go(bar, 0);
    say(bar);
  }
});
