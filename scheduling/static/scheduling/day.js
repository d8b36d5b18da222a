// Moves about the chart of the day by arrow keys, and says what the mark is that one stands on.
// Without this every mark is reached by the tab key, and told by its title.
"use strict";

const chart = document.querySelector(".day-chart");
const said = document.getElementById("day-said");

const laneOf = (mark) => mark.closest("[data-lane]").dataset.lane;
const place = (mark) => mark.getBoundingClientRect().left;

function lanes() {
  const found = new Map();
  for (const mark of chart.querySelectorAll("[data-lane] a")) {
    const of = laneOf(mark);
    found.set(of, [...(found.get(of) ?? []), mark]);
  }
  return [...found.values()].map((marks) => marks.sort((one, other) => place(one) - place(other)));
}

// One mark of each lane is reached by the tab key: the one last stood on, or the newest that ran.
function rove() {
  for (const marks of lanes()) {
    const current = marks.find((mark) => mark === document.activeElement)
      ?? marks.find((mark) => mark.dataset.stood !== undefined)
      ?? marks.findLast((mark) => !mark.querySelector(".day-planned, .day-strokes"))
      ?? marks[0];
    for (const mark of marks) {
      mark.setAttribute("tabindex", mark === current ? "0" : "-1");
    }
  }
}

function nearest(marks, left) {
  return marks.reduce((best, mark) =>
    Math.abs(place(mark) - left) < Math.abs(place(best) - left) ? mark : best);
}

function target(mark, key) {
  const all = lanes();
  const row = all.findIndex((marks) => marks.includes(mark));
  const column = all[row].indexOf(mark);
  const beside = all[row + { ArrowUp: -1, ArrowDown: 1 }[key]];
  return {
    ArrowLeft: () => all[row][column - 1],
    ArrowRight: () => all[row][column + 1],
    Home: () => all[row][0],
    End: () => all[row].at(-1),
    ArrowUp: () => beside && nearest(beside, place(mark)),
    ArrowDown: () => beside && nearest(beside, place(mark)),
  }[key]?.();
}

function tell(event) {
  const mark = event.target.closest?.("[data-lane] a");
  if (mark) {
    said.textContent = mark.querySelector("title").textContent;
  }
}

if (chart) {
  chart.addEventListener("keydown", (event) => {
    const mark = event.target.closest("[data-lane] a");
    const next = mark && target(mark, event.key);
    if (next) {
      event.preventDefault();
      for (const each of chart.querySelectorAll(`[data-lane="${laneOf(next)}"] a`)) {
        delete each.dataset.stood;
      }
      next.dataset.stood = "";
      rove();
      next.setAttribute("tabindex", "0");
      next.focus();
    }
  });
  chart.addEventListener("focusin", tell);
  chart.addEventListener("pointerover", tell);
  document.addEventListener("htmx:after:swap", rove);
  rove();

  // Where it is wider than there is room for, what is looked for is around now.
  const line = chart.querySelector(".day-now line");
  const room = chart.parentElement;
  if (line && room.scrollWidth > room.clientWidth) {
    room.scrollLeft += place(line) - place(room) - room.clientWidth * 0.6;
  }
}
