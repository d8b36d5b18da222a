// Keeps the title and the icon of the wall in step with what its parts tell is wrong.
"use strict";

const wall = document.getElementById("wall");
const icon = document.querySelector('link[rel="icon"]');

function tell() {
  let wrong = 0;
  for (const part of wall.querySelectorAll("[data-wrong]")) {
    wrong += Number(part.dataset.wrong);
  }
  document.title = `${wrong ? `✗ ${wrong}` : "✓"} ${wall.dataset.title}`;
  const address = wrong ? wall.dataset.badIcon : wall.dataset.icon;
  if (icon.getAttribute("href") !== address) {
    icon.setAttribute("href", address);
  }
}

document.addEventListener("htmx:after:swap", tell);
tell();
