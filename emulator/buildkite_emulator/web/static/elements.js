// Makes elements. What is shown comes from anybody, so it enters the page as text and in no other way.

/**
 * Make an element.
 * @param {string} tag name, with classes after dots: "span.badge.error"
 * @param {object} properties attributes; functions listen to the event of their name, null and false are left out
 * @param {...(Node|string|number|null|false)} children what is in it
 */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

/** Put other nodes into a place; what has the focus keeps it if its ID is among the new ones. */
export function refill(place, ...nodes) {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const selection = held instanceof HTMLInputElement ? [held.selectionStart, held.selectionEnd] : null;
  place.replaceChildren(...nodes.filter(Boolean));
  if (!held?.id || document.activeElement === held) return;
  const again = document.getElementById(held.id);
  again?.focus({ preventScroll: true });
  if (selection && again instanceof HTMLInputElement) again.setSelectionRange(...selection);
}

/** Tell who listens rather than looks. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** Make an address within the page of its parts. */
export function link(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(size) {
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return h("span", { title: `${size.toLocaleString("en")} bytes` }, `${value.toFixed(digits)} ${UNITS[unit]}`);
}

function pad(number, digits = 2) {
  return String(number).padStart(digits, "0");
}

function clock(moment) {
  return [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map((each) => pad(each)).join(":");
}

function day(moment) {
  return [moment.getFullYear(), pad(moment.getMonth() + 1), pad(moment.getDate())].join("-");
}

/** Show a moment by date and time of day, where the browser is. */
export function date(text) {
  const moment = new Date(text);
  return h("time", { datetime: moment.toISOString(), title: moment.toISOString() }, `${day(moment)} ${clock(moment)}`);
}

/** Show a moment by time of day, to the millisecond. */
export function time(text) {
  const moment = new Date(text);
  const shown = `${clock(moment)}.${pad(moment.getMilliseconds(), 3)}`;
  return h("time", { datetime: moment.toISOString(), title: moment.toISOString() }, shown);
}

/** Make a button that copies a text. */
export function copier(text, what, id) {
  const button = h("button.copy", { type: "button", id, "aria-label": `Copy ${what}`, click: copy }, "Copy");
  async function copy() {
    const done = await put(text);
    button.textContent = done ? "Copied" : "Not copied";
    say(done ? `Copied ${what}` : `The browser did not let ${what} be copied`);
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }
  return button;
}

async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return putBySelection(text); // the clipboard is for https and this machine alone
  }
}

function putBySelection(text) {
  const before = document.activeElement;
  const area = h("textarea.unseen", { readonly: true, "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}

/** Make a block of text that is code, with a button that copies it. */
export function code(text, what, id) {
  return h(
    "div.code",
    {},
    h("pre", { tabindex: "0", role: "group", "aria-label": what }, h("code", {}, text)),
    copier(text, what, id),
  );
}

/** Make a list of names and values; values that are null are left out. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined);
  return h("dl.facts", {}, ...shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
