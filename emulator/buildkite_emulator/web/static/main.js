// The page: chooses the view that the address names, and keeps it up to date.

import { refill } from "./elements.js";
import { Live } from "./live.js";
import { Overview } from "./overview.js";
import { Registry } from "./registry.js";
import { Requests } from "./requests.js";

const VIEWS = {
  registries: (parts) => (parts.length === 2 ? Registry : Overview),
  requests: () => Requests,
};

const NAME = "Package registries emulator";

const main = document.getElementById("main");
const state = document.getElementById("live");
const live = new Live();
let view = null;

/** Read an address such as `#/requests/17?status=4xx`. */
function address() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [name, ...parts] = path.split("/").filter(Boolean).map(decoded);
  return { name: Object.hasOwn(VIEWS, name ?? "") ? name : "registries", parts, query: new URLSearchParams(query) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Show what the address names; `isMove` says that the user went there from another place on the page. */
function show(isMove) {
  const { name, parts, query } = address();
  const Kind = VIEWS[name](parts);
  if (!(view instanceof Kind && view.fits(parts))) {
    view = new Kind(live, parts);
    refill(main, view.element);
    if (isMove) scrollTo(0, 0);
  }
  for (const tab of document.querySelectorAll("[data-view]")) {
    if (tab.dataset.view === name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  view.show(parts, query);
  document.title = `${view.title} · ${NAME}`;
  if (isMove) view.heading?.focus({ preventScroll: true });
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address is the view's
  main.focus();
});
addEventListener("hashchange", () => show(true));
live.addEventListener("beat", () => view.beat?.());
live.addEventListener("entries", () => view.entries?.());
live.addEventListener("state", () => {
  state.classList.toggle("down", !live.answers);
  state.textContent = live.answers ? "Live" : "The emulator does not answer";
});

show(false);
live.start();
