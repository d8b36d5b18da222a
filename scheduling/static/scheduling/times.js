// Lets relative times go on: "in 4 min 10 s", "2 h 5 min ago". The server wrote them first, in
// the same words.
"use strict";

const MONTH = 30 * 86_400;
const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
const words = document.querySelector('meta[name="vs-times"]').dataset;

function coarse(seconds) {
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  const parts = [];
  if (seconds >= MONTH) {
    seconds -= seconds % UNITS[0][1];
  }
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count) {
      parts.push(`${count.toLocaleString(document.documentElement.lang)} ${unit}`);
    }
  }
  return parts.join(" ");
}

function told(time) {
  const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
  if (time.dataset.relative === "elapsed") {
    return coarse(Math.max(-seconds, 1));
  }
  if (Math.abs(seconds) < 2) {
    return words.now;
  }
  const late = time.dataset.relative === "due" ? words.due : words.ago;
  return (seconds > 0 ? words.in : late).replace("%s", coarse(Math.abs(seconds)));
}

function tick() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const text = told(time);
    if (time.textContent !== text) {
      time.textContent = text;
    }
  }
}

if (!document.hidden) {
  tick();
}
setInterval(() => document.hidden || tick(), 1_000);
document.addEventListener("htmx:after:swap", tick);
