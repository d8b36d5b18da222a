// Keeps the live parts of a page fresh: every 3 s while somebody is active and something runs (a
// page that has just been opened more often: most runs are over soon), every 60 s otherwise, never
// while nobody can see the page. Fetching and swapping is htmx's.
"use strict";

const AT_ONCE = 500;
const SOON = 3_000;
const LATER = 60_000;
const ACTIVE_FOR = 60_000;

let active = performance.now();
let fetched = performance.now();

for (const sign of ["pointermove", "pointerdown", "keydown", "scroll"]) {
  addEventListener(sign, () => { active = performance.now(); }, { passive: true, capture: true });
}

function pause() {
  const now = performance.now();
  if (now - active >= ACTIVE_FOR || !document.querySelector("[data-running], [data-pending]")) {
    return LATER;
  }
  return Math.min(SOON, Math.max(AT_ONCE, now / 2));
}

function refresh() {
  fetched = performance.now();
  for (const part of document.querySelectorAll("[data-live]")) {
    part.dispatchEvent(new Event("refresh"));
  }
}

function look() {
  if (!document.hidden && performance.now() - fetched >= pause()) {
    refresh();
  }
}

function tellWhetherFresh(event) {
  const part = event.target.closest?.("[data-live], [type=search]");
  const notice = document.getElementById("vs-stale");
  if (part && notice) {
    notice.hidden = event.type === "htmx:after:request" && event.detail.ctx.response.status < 400;
  }
}

setInterval(look, 500);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && performance.now() - fetched >= SOON) {
    refresh();
  }
});
document.addEventListener("htmx:after:request", tellWhetherFresh);
document.addEventListener("htmx:error", tellWhetherFresh);

// What a person has folded open or closed stays so.
htmx.registerExtension("keep-folds", {
  htmx_before_morph_attr: (_element, detail) => detail.attrName !== "open",
});
