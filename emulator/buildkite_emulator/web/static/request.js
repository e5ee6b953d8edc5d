// One request of the log, whole.

import { bytes, code, date, facts, h } from "./elements.js";

const PHRASES = { 2: "succeeded", 3: "redirected", 4: "refused", 5: "failed" };

/** Show how a request ended. */
export function outcome({ status }) {
  if (status === null) return h("span.badge.cut", { title: "The connection was cut" }, "cut");
  const kind = Math.floor(status / 100);
  return h(`span.badge.status-${kind}`, { title: PHRASES[kind] ?? "" }, String(status));
}

/** Show a request and its answer. */
export function request(entry) {
  const { id, method, path, operation, organization, milliseconds, objections, fault, curl, response, status } = entry;
  const heading = `request-${id}-heading`;
  return h(
    "article",
    { "aria-labelledby": heading },
    h("h2", { id: heading, tabindex: "-1" }, outcome(entry), " ", operation ?? "Unknown path"),
    h("p.line", {}, h("b", {}, method), " ", h("code.name", {}, path)),
    reason(entry),
    objected(objections, failure(entry)?.message),
    decision(entry.oidc),
    facts([
      ["Time", date(entry.time)],
      ["Took", `${milliseconds.toLocaleString("en")} ms`],
      ["Organization", organization],
      ["Fault", fault === null ? null : String(fault)],
      ["Number in the log", String(id)],
    ]),
    h("h3", {}, "As a curl command"),
    code(curl, "the curl command", `curl-${id}`),
    ...side("Request", entry.request),
    ...(status !== null ? side("Response", response) : [h("h3", {}, "Response"), h("p.muted", {}, "There was none.")]),
  );
}

/** Read the answer to a request that did not go well; null if it does not give a reason. */
export function failure({ status, response }) {
  if (status === null || status < 400) return null;
  const answer = parsed(response.body);
  return typeof answer?.message === "string" ? answer : null;
}

/** Show what the answer gives as the reason of a refusal. */
function reason(entry) {
  const { status } = entry;
  const answer = failure(entry);
  if (answer === null) return null;
  const errors = Array.isArray(answer.errors) ? answer.errors : [];
  return h(
    `section.callout.status-${Math.floor(status / 100)}`,
    {},
    h("h3", {}, status < 500 ? "Why it was refused" : "Why it failed"),
    h("p.name", {}, answer.message),
    errors.length ? h("ul", {}, ...errors.map((each) => h("li.name", {}, problem(each)))) : null,
  );
}

/** Show what the spec objects to, unless the answer says just that. */
function objected(objections, message) {
  if (!objections.length || (typeof message === "string" && objections.every((each) => message.includes(each)))) return null;
  return h(
    "section.callout",
    {},
    h("h3", {}, "What the spec objects to"),
    h("ul", {}, ...objections.map((each) => h("li.name", {}, each))),
  );
}

/** Tell in a sentence what an OIDC policy made of a request's token. */
export function verdict({ statement }) {
  return statement === null ? "No statement admitted it." : `Statement ${statement} admitted it.`;
}

/** Show which statement of the registry's OIDC policy admitted the request, and why the others did not. */
function decision(oidc) {
  if (oidc === null) return null;
  return h(
    "section.callout",
    {},
    h("h3", {}, "What the OIDC policy says"),
    h("p", {}, verdict(oidc)),
    oidc.reasons.length ? h("ul", {}, ...oidc.reasons.map((each) => h("li.name", {}, each))) : null,
  );
}

function problem(error) {
  return typeof error === "object" && error !== null ? Object.values(error).join(": ") : String(error);
}

function side(name, { headers, body, body_bytes, file }) {
  return [
    h("h3", {}, name),
    h("dl.headers", {}, ...headers.map(([name, value]) => h("div", {}, h("dt.name", {}, name), h("dd.name", {}, value)))),
    file ? h("p", {}, "The file ", h("code.name", {}, file.name), ...(file.size === undefined ? [] : [", ", bytes(file.size)])) : null,
    content(name, body, body_bytes),
  ];
}

function content(name, body, size) {
  if (!size) return h("p.muted", {}, "No body.");
  if (body === null) return h("p.muted", {}, bytes(size), ", not shown.");
  const sent = new TextEncoder().encode(body).length;
  return h(
    "div.code",
    {},
    h("pre", { tabindex: "0", role: "group", "aria-label": `Body of the ${name.toLowerCase()}` }, h("code", {}, pretty(body))),
    sent < size ? h("p.muted", {}, "The beginning of ", bytes(size), ".") : null,
  );
}

/** Indent JSON, unless that would change more than its blanks. */
function pretty(body) {
  const value = parsed(body);
  return value !== undefined && JSON.stringify(value) === body ? JSON.stringify(value, null, 2) : body;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
