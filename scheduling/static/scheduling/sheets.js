// A sheet that lies over the page goes away by Escape, by a click elsewhere, and when the focus
// goes on to what it covers.
"use strict";

function closeAllBut(target) {
  for (const sheet of document.querySelectorAll("details.ov-pause[open]")) {
    sheet.open = sheet.contains(target);
  }
}

for (const sign of ["click", "focusin"]) {
  document.addEventListener(sign, (event) => closeAllBut(event.target));
}

document.addEventListener("keydown", (event) => {
  const sheet = document.querySelector("details.ov-pause[open]");
  if (sheet && event.key === "Escape") {
    sheet.open = false;
    sheet.querySelector("summary").focus();
  }
});
