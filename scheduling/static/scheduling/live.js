// Asks for the facts of a card anew, once a second, until the worker has applied the edit.
"use strict";

const TRIES = 60;

async function refresh(place, left) {
  if (!left || !place.querySelector("[data-pending]")) {
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  try {
    const answer = document.hidden ? null : await fetch(place.dataset.live);
    if (answer && answer.ok && !answer.redirected) {
      const text = await answer.text();
      // Only when it differs, or a screen reader would read it each second.
      if (text.trim() !== place.innerHTML.trim()) {
        place.innerHTML = text;
      }
    }
  } catch {
    // The server is away: the next try may find it.
  }
  refresh(place, left - 1);
}

for (const place of document.querySelectorAll("[data-live]")) {
  refresh(place, TRIES);
}
