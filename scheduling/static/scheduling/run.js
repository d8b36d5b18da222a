// A run's page while the run goes on: the title tells how it goes, and the log follows its end
// as long as its reader is there.
"use strict";

{
  const part = document.getElementById("live-run");
  const site = document.title.slice(document.title.lastIndexOf(" | "));
  const told = part.querySelector("[data-headline]").dataset.headline;
  const rest = document.title.slice(told.length, document.title.length - site.length);

  function atEnd(log) {
    return log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  }

  function toEnd(log) {
    log.scrollTop = log.scrollHeight;
  }

  let follows = part.querySelector("[data-running]") !== null;

  function settle() {
    const run = part.querySelector("[data-headline]");
    const title = run.dataset.headline + rest + site;
    if (document.title !== title) {
      document.title = title;
    }
    const log = document.getElementById("log");
    if (log && follows) {
      toEnd(log);
    }
  }

  // Scrolling does not bubble, but it can be caught on its way down.
  part.addEventListener("scroll", (event) => {
    if (event.target.id === "log") {
      follows = atEnd(event.target);
    }
  }, { passive: true, capture: true });
  new MutationObserver(settle).observe(part, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-headline"] });
  settle();
}
