// The desk with a keyboard. Every page works without this file; it makes them faster.
"use strict";

const field = (id) => document.getElementById(id);
const typing = (element) => element.matches("input:not([type=checkbox]):not([type=range]), textarea, select");

// --- the lists under the two boxes: arrows and Enter ---------------------------------------------------------------

function options(finder) {
  return [...finder.querySelectorAll("[role=option]:not(:disabled)")];
}

function select(finder, option) {
  const input = finder.querySelector("[role=combobox]");
  options(finder).forEach((one) => one.setAttribute("aria-selected", String(one === option)));
  input.setAttribute("aria-expanded", String(options(finder).length > 0));
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function close(finder) {
  finder.querySelector(".results").replaceChildren();
  select(finder, null);
}

function steer(event, finder) {
  const list = options(finder);
  const at = list.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    select(finder, list[(at + step + list.length) % list.length] ?? null);
  } else if (event.key === "Enter" && !event.ctrlKey) {
    event.preventDefault();
    if (list.length && !finder.dataset.stale) list[Math.max(at, 0)].click();
    else finder.dataset.hurry = "1"; // the list of what is typed now is still on its way
  } else if (event.key === "Escape") {
    close(finder);
    event.target.value = "";
    event.target.blur();
  }
}

document.addEventListener("input", (event) => {
  const finder = event.target.closest("[data-finder]");
  if (finder) finder.dataset.stale = "1"; // what is listed answers what was typed before: Enter must not take it
});

document.addEventListener("htmx:afterSwap", (event) => {
  const finder = event.detail.target?.closest?.("[data-finder]");
  if (!finder) return;
  const input = finder.querySelector("[role=combobox]");
  if (event.detail.requestConfig?.parameters?.[input.name] === input.value) delete finder.dataset.stale;
  select(finder, options(finder)[0] ?? null);
  const sure = options(finder).filter((one) => one.id !== "client-new");
  if (finder.dataset.hurry && sure.length === 1) sure[0].click();
  delete finder.dataset.hurry;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const finder = event.detail.elt.closest?.(".results")?.closest("[data-finder]");
  if (finder) finder.dataset.chosen = "1";
});

document.addEventListener("htmx:afterRequest", () => {
  document.querySelectorAll("[data-finder][data-chosen]").forEach((finder) => {
    delete finder.dataset.chosen;
    finder.querySelector("[role=combobox]").value = "";
    close(finder);
  });
});

document.addEventListener("focusout", (event) => {
  const finder = event.target.closest?.("[data-finder]");
  if (finder) setTimeout(() => finder.contains(document.activeElement) || close(finder), 200);
});

// --- keys ------------------------------------------------------------------------------------------------------------

const jumps = { "/": "find", a: "add", b: "redeem", g: "code" };
// By the place of the key, so that they work with a Russian layout as well.
const places = { Slash: "/", KeyA: "a", KeyB: "b", KeyG: "g" };

document.addEventListener("keydown", (event) => {
  const finder = event.target.closest?.("[data-finder]");
  if (finder) steer(event, finder);
  if (event.ctrlKey && event.key === "Enter") {
    event.preventDefault();
    pay();
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "Enter" && event.target.matches(".what input[hx-post]")) {
      event.preventDefault(); // else the change and the form would be sent one after the other
      event.target.dispatchEvent(new Event("change", { bubbles: true }));
    }
    return;
  }
  if (event.key === "?") field("keys")?.showModal();
  const wanted = field(jumps[event.key] ?? (event.shiftKey ? "" : jumps[places[event.code]]) ?? "");
  if (wanted) {
    event.preventDefault();
    wanted.focus();
    wanted.select?.();
  }
});

function pay() {
  const typed = document.activeElement;
  const isSplit = [...document.querySelectorAll(".split[open] input")].some((input) => input.value);
  const button = document.querySelector(isSplit ? "#pay-split:not(:disabled)" : "[data-pay]:not(:disabled)");
  if (!button) return;
  if (typed && typing(typed) && typed.closest(".what") && typed.value !== (typed.defaultValue ?? typed.value)) typed.blur(); // quote first
  else button.click();
}

// --- a new check from the server must not take away what is being typed, nor close what was opened -------------------

const kept = { sent: new Map(), typed: new Map(), open: new Set(), focus: "" };
const inputs = () => [...document.querySelectorAll("#quoted :is(input, textarea, select)[id]:not([type=hidden], [type=range])")];

document.addEventListener("htmx:beforeSend", (event) => {
  if (event.detail.target?.id === "quoted") kept.sent = new Map(inputs().map((one) => [one.id, one.value]));
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "quoted") return;
  const changed = inputs().filter((one) => kept.sent.has(one.id) && kept.sent.get(one.id) !== one.value);
  kept.typed = new Map(changed.map((one) => [one.id, one.value]));
  kept.open = new Set([...document.querySelectorAll("#quoted details[open][id]")].map((one) => one.id));
  kept.focus = document.activeElement?.id ?? "";
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "quoted" && event.detail.elt?.id !== "quoted") return;
  kept.open.forEach((id) => field(id)?.setAttribute("open", ""));
  kept.typed.forEach((value, id) => { if (field(id)) field(id).value = value; });
  if (kept.focus && document.activeElement === document.body) field(kept.focus)?.focus({ preventScroll: true });
  kept.typed.clear();
});

// --- a click while the check is on its way: what is added waits its turn, and nothing is paid before the new total ---

const turn = { last: null, waiting: [] };
const isOnItsWay = () => turn.last !== null && ![0, 4].includes(turn.last.readyState); // neither aborted nor done

document.addEventListener("htmx:beforeSend", (event) => {
  if (event.detail.target?.id === "quoted") turn.last = event.detail.xhr;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#check .chip, #check [name=pay]");
  if (!button || !isOnItsWay()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (button.name === "add") turn.waiting.push(button.value);
}, true);

document.addEventListener("htmx:afterRequest", () => {
  if (isOnItsWay() || !turn.waiting.length) return;
  const next = turn.waiting.shift();
  [...document.querySelectorAll("#check .chip")].find((one) => one.value === next)?.click();
});

// --- small things ------------------------------------------------------------------------------------------------------

// The slider counts in the smallest unit and writes an amount; the server is asked when it is let go.
document.addEventListener("input", (event) => {
  const slider = event.target;
  if (!slider.matches("[data-of]")) return;
  const digits = Number(slider.dataset.digits);
  const minor = slider.value.padStart(digits + 1, "0");
  const cut = minor.length - digits;
  field(slider.dataset.of).value = digits ? `${minor.slice(0, cut)}${slider.dataset.point}${minor.slice(cut)}` : minor;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-of]")) field(event.target.dataset.of).dispatchEvent(new Event("change", { bubbles: true }));
  event.target.closest("[data-at-once]")?.submit();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-open]");
  if (opener) field(opener.dataset.open).showModal();
  if (event.target.closest?.("[data-print]")) window.print();
});

function say(text) {
  const status = field("status");
  status.textContent = text;
  status.hidden = !text;
}

document.addEventListener("htmx:sendError", () => say(field("status").dataset.lost));
document.addEventListener("htmx:responseError", () => say(field("status").dataset.failed));
document.addEventListener("htmx:afterOnLoad", (event) => event.detail.failed || say("")); // it follows an error as well
document.querySelectorAll("[data-open], [data-print]").forEach((button) => { button.hidden = false; });
