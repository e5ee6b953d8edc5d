// The live log of requests, with a filter, and beside it the one that was chosen.

import { h, link, plural, refill, say, time } from "./elements.js";
import { failure, outcome, request } from "./request.js";

const MOST = 200; // rows that are shown until more are asked for

const OUTCOMES = [
  ["", "Any", () => true],
  ["2xx", "Succeeded (2xx)", ({ status }) => status >= 200 && status < 300],
  ["4xx", "Refused (4xx)", ({ status }) => status >= 400 && status < 500],
  ["5xx", "Failed (5xx)", ({ status }) => status >= 500],
  ["none", "Without an answer", ({ status }) => status === null],
  ["objections", "With objections", ({ objections }) => objections.length > 0],
  ["fault", "With a fault", ({ fault }) => fault !== null],
];

const UNKNOWN = "unknown"; // stands for a path that is no operation's

export class Requests {
  title = "Requests";
  #live;
  #rows = new Map(); // by entry, the row that shows it
  #limit = MOST;
  #paused = null;
  #chosen = null;
  #shown; // the entry that was chosen, if the log has it
  #top;

  constructor(live) {
    this.#live = live;
    this.#top = h("h1", { tabindex: "-1" }, "Requests");
    const change = () => this.#refilter();
    this.text = h("input", { id: "filter", type: "search", autocomplete: "off", input: change });
    this.operation = h("select", { id: "operation", change });
    this.status = h("select", { id: "status", change }, ...OUTCOMES.map(([value, name]) => option(value, name)));
    this.pause = h("button", { type: "button", id: "pause", click: () => this.#toggle() }, "Pause");
    this.count = h("p.muted", {});
    this.list = h("ul.log", { "aria-label": "Requests, newest first" });
    this.more = h("button", { type: "button", id: "more", hidden: true, click: () => this.#show_more() }, "Show more");
    this.none = h("p.none", { hidden: true });
    this.detail = h("div.pane", {});
    this.element = h(
      "div.view",
      {},
      h(
        "div.head",
        {},
        this.#top,
        h(
          "form.filters",
          { role: "search", submit: (event) => event.preventDefault() },
          h("label", {}, h("span", {}, "Text"), this.text),
          h("label", {}, h("span", {}, "Operation"), this.operation),
          h("label", {}, h("span", {}, "Outcome"), this.status),
          this.pause,
        ),
      ),
      this.count,
      h("div.panes", { keydown: (event) => this.#key(event) }, h("div.pane", {}, this.none, this.list, this.more), this.detail),
    );
  }

  fits() {
    return true;
  }

  async show(parts, query) {
    this.text.value = query.get("text") ?? "";
    this.status.value = query.get("status") ?? "";
    this.#fill_operations(query.get("operation") ?? "");
    this.#choose(parts[0] ?? null);
    this.entries();
  }

  /** Take in what is new in the log. */
  entries() {
    if (this.#paused !== null) {
      const fresh = this.#live.entries.filter(({ id }) => id > this.#paused).length;
      this.pause.textContent = fresh ? `Resume (${fresh} new)` : "Resume";
      return;
    }
    this.#fill_operations(this.operation.value);
    this.#draw();
    if (this.#chosen !== null && !this.#shown) this.#choose(this.#chosen);
  }

  #draw() {
    const { entries } = this.#live;
    const upTo = this.#paused ?? Infinity;
    const fitting = entries.filter((entry) => entry.id <= upTo && this.#fits(entry)).reverse();
    const shown = fitting.slice(0, this.#limit);
    const rows = new Map(shown.map((entry) => [entry, this.#rows.get(entry) ?? this.#row(entry)]));
    arrange(this.list, [...rows.values()]);
    this.#rows = rows;
    this.more.hidden = fitting.length <= this.#limit;
    this.none.hidden = shown.length > 0;
    this.none.textContent = entries.length
      ? "No request fits the filter."
      : "No request yet. Those to the API show here as they are answered.";
    const isFiltered = fitting.length !== entries.length;
    this.count.textContent = plural(entries.length, "request") + (isFiltered ? `, ${fitting.length} of them shown` : "");
  }

  #fits(entry) {
    const [, , isOutcome] = OUTCOMES.find(([value]) => value === this.status.value) ?? OUTCOMES[0];
    const operation = this.operation.value;
    if (!isOutcome(entry) || (operation && operation !== (entry.operation ?? UNKNOWN))) return false;
    const wanted = this.text.value.trim().toLowerCase();
    return !wanted || searched(entry).some((text) => text?.toLowerCase().includes(wanted));
  }

  #row(entry) {
    const { id, method, path, operation, milliseconds, objections, fault, oidc } = entry;
    const first = objections[0] ?? (oidc?.statement === null ? oidc.reasons[0] : failure(entry)?.message);
    const rest = objections.length > 1 ? ` and ${objections.length - 1} more` : "";
    const anchor = h(
      "a",
      { href: this.#link(id), id: `request-${id}` },
      outcome(entry),
      h("span.what", {}, h("b", {}, method), " ", h("strong", {}, operation ?? "Unknown path")),
      h("span.when", {}, time(entry.time), h("span", {}, `${rounded(milliseconds)} ms`)),
      h("span.path.name", {}, path),
      first ? h("span.objection.name", {}, first + rest) : null,
      fault === null ? null : h("span.badge.fault", {}, "fault"),
    );
    if (String(id) === this.#chosen) anchor.setAttribute("aria-current", "true");
    return h("li", {}, anchor);
  }

  #choose(id) {
    const left = document.getElementById(`request-${this.#chosen}`);
    this.#chosen = id;
    this.element.classList.toggle("chosen", id !== null);
    for (const anchor of this.list.querySelectorAll("a")) {
      anchor.toggleAttribute("aria-current", false);
      if (anchor.id === `request-${id}`) anchor.setAttribute("aria-current", "true");
    }
    const entry = (this.#shown = id === null ? undefined : this.#live.find(Number(id)));
    const back = h("a.back", { href: this.#link(null), id: "back" }, "All requests");
    if (id === null) refill(this.detail, h("p.none", {}, "Choose a request to see what was sent and answered."));
    else if (entry) refill(this.detail, back, request(entry));
    else if (this.#live.answers === null) refill(this.detail); // the log is on its way
    else refill(this.detail, back, h("p.none", {}, "The log does not hold this request any more."));
    this.heading = entry ? this.detail.querySelector("h2") : (left ?? this.#top);
    this.title = entry ? `Request ${id}` : "Requests";
  }

  #link(id) {
    const filters = { text: this.text.value, operation: this.operation.value, status: this.status.value };
    const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
    return link("requests", ...(id === null ? [] : [id])) + (query.size ? `?${query}` : "");
  }

  #refilter() {
    this.#limit = MOST;
    this.#rows.clear(); // their links carry the filter
    history.replaceState(null, "", this.#link(this.#chosen));
    this.#draw();
    document.getElementById("back")?.setAttribute("href", this.#link(null));
    say(this.count.textContent);
  }

  #show_more() {
    this.#limit += MOST;
    this.#draw();
  }

  #toggle() {
    this.#paused = this.#paused === null ? (this.#live.entries.at(-1)?.id ?? 0) : null;
    this.pause.textContent = this.#paused === null ? "Pause" : "Resume";
    if (this.#paused === null) this.entries();
  }

  /** Escape leads back from a request to its row. */
  #key(event) {
    if (event.key !== "Escape" || this.#chosen === null || !this.detail.contains(document.activeElement)) return;
    location.hash = this.#link(null);
  }

  #fill_operations(chosen) {
    const seen = new Set(this.#live.entries.map(({ operation }) => operation ?? UNKNOWN));
    if (chosen) seen.add(chosen);
    const wanted = ["", ...[...seen].sort()];
    if (wanted.join() !== [...this.operation.options].map(({ value }) => value).join()) {
      const names = { "": "Any", [UNKNOWN]: "None (unknown path)" };
      this.operation.replaceChildren(...wanted.map((value) => option(value, names[value] ?? value)));
    }
    this.operation.value = chosen;
  }
}

function option(value, name) {
  return h("option", { value }, name);
}

function rounded(milliseconds) {
  return milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds).toLocaleString("en");
}

function searched({ method, path, operation, status, objections, oidc, request, response }) {
  const told = [...objections, ...(oidc?.reasons ?? [])];
  return [method, path, operation, String(status), ...told, request.body, request.file?.name, response?.body];
}

/** Make a list's rows those that are wanted; whatever stays is not touched, so that it keeps the focus. */
function arrange(list, wanted) {
  const kept = new Set(wanted);
  for (const row of [...list.children]) if (!kept.has(row)) row.remove();
  let next = list.firstElementChild;
  for (const row of wanted) {
    if (row === next) next = next.nextElementSibling;
    else list.insertBefore(row, next);
  }
}
