// Save is off until something changed, what was typed is not lost by leaving the page, and the
// browser's zone stands beside the others.
"use strict";

const FORMS = "form[data-when], form:has([data-when])";
const SAVE = "[data-save], .submit-row input[type=submit]";
const MINE = Intl.DateTimeFormat().resolvedOptions().timeZone;
let leaving = null;

function stands(field) {
  if (field.type === "checkbox" || field.type === "radio") {
    return field.checked === field.defaultChecked;
  }
  if (field.tagName === "SELECT") {
    const first = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex === Math.max(first, 0);
  }
  return field.type === "hidden" || field.value === field.defaultValue;
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && /^(INPUT|SELECT|TEXTAREA)$/.test(field.tagName) && !/^(submit|button)$/.test(field.type));
}

// What does not belong to the kind that is chosen is hidden and does not count, and a reason
// (data-why) is kept with a change: alone it is none.
function counts(field) {
  return !("why" in field.dataset) && (field.checkVisibility?.() ?? true);
}

function isChanged(form) {
  return fields(form).some((field) => counts(field) && !stands(field));
}

function wasRefused(form) {
  return form.matches("[data-typed]") || form.querySelector("[data-typed]");
}

function look(form) {
  // What was refused may be meant when it is sent again.
  const idle = !wasRefused(form) && !isChanged(form);
  for (const button of form.querySelectorAll(SAVE)) {
    button.disabled = idle;
  }
}

function lookAt(event) {
  const form = event.target.form ?? event.target.closest?.("form");
  if (form?.matches(FORMS)) {
    look(form);
  }
}

function lookAtAll() {
  document.querySelectorAll(FORMS).forEach(look);
}

// The zones that the browser knows; the field takes any that the server knows.
function offerZones() {
  if (document.getElementById("vs-zones")) {
    return;
  }
  const list = document.createElement("datalist");
  list.id = "vs-zones";
  for (const zone of new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])) {
    list.append(new Option(zone, zone));
  }
  document.body.append(list);
}

function tellMine() {
  for (const place of document.querySelectorAll("[data-my-zone]")) {
    place.textContent = `(${MINE})`;
  }
  for (const time of document.querySelectorAll("time[data-mine]")) {
    const moment = new Date(time.dateTime);
    const day = moment.toLocaleDateString(document.documentElement.lang, { weekday: "short" });
    const [date, clock] = moment.toLocaleString("sv").split(" ");
    time.textContent = `${day} ${date} ${clock.replace(/:00$/, "")}`;
  }
}

lookAtAll();
tellMine();
addEventListener("pageshow", lookAtAll);
document.addEventListener("input", lookAt);
document.addEventListener("change", lookAt);
document.addEventListener("reset", (event) => setTimeout(look, 0, event.target));
document.addEventListener("focusin", (event) => event.target.matches("[list=vs-zones]") && offerZones());
document.addEventListener("htmx:after:swap", tellMine);

// A button beside a form leaves the page, and with it what was typed and not saved: ask first.
document.addEventListener("submit", (event) => { leaving = event.target; });
addEventListener("beforeunload", (event) => {
  const lost = [...document.querySelectorAll(FORMS)].some((form) => form !== leaving && isChanged(form));
  leaving = null;
  if (lost) {
    event.preventDefault();
  }
});
