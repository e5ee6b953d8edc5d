// One registry: its packages, page by page, its tokens, and what its OIDC policy made of requests.

import { bytes, code, copier, date, facts, h, link, plural, refill } from "./elements.js";
import { get } from "./live.js";
import { outcome, verdict } from "./request.js";

const TYPING = 150; // milliseconds without a key until the filter takes effect
const COLUMNS = ["Name", "Version", "Variant", "Size", "SHA-256", "Created"];

const MOST_DECISIONS = 10; // requests with an OIDC token that are shown, the newest ones

export class Registry {
  #live;
  #organization;
  #slug;
  #page = 1;
  #drawn = "";
  #opened = new Set();
  #typing = null;

  constructor(live, [organization, slug]) {
    this.#live = live;
    this.#organization = organization;
    this.#slug = slug;
    this.title = slug;
    this.heading = h("h1.name", { tabindex: "-1" }, slug);
    this.facts = h("div.intro", {});
    this.input = h("input", { id: "filter", type: "search", autocomplete: "off", input: () => this.#filter() });
    this.count = h("p.muted", { role: "status" });
    this.packages = h("div", {});
    this.tokens = h("div", {});
    this.policy = h("div", {});
    this.decisions = h("ul.tokens", { "aria-label": "Requests with an OIDC token, newest first" });
    this.oidc = h("section", { "aria-labelledby": "oidc", hidden: true }, h("h2", { id: "oidc" }, "OIDC policy"));
    this.oidc.append(this.policy, this.decisions);
    this.element = h(
      "div.view",
      {},
      h(
        "nav.crumbs",
        { "aria-label": "Breadcrumb" },
        h("a", { href: link("registries") }, "Registries"),
        h("span", { "aria-hidden": "true" }, "/"),
        h("span", {}, organization),
      ),
      h("div.intro", {}, this.heading, this.facts),
      h(
        "div.columns",
        {},
        h(
          "section",
          { "aria-labelledby": "packages" },
          h(
            "div.head",
            {},
            h("h2", { id: "packages" }, "Packages"),
            h(
              "form.filters",
              { role: "search", submit: (event) => event.preventDefault() },
              this.count,
              h("label", {}, h("span", {}, "Name contains"), this.input),
            ),
          ),
          this.packages,
        ),
        h(
          "div.side",
          {},
          h("section", { "aria-labelledby": "tokens" }, h("h2", { id: "tokens" }, "Registry tokens"), this.tokens),
          this.oidc,
        ),
      ),
    );
  }

  fits([organization, slug]) {
    return organization === this.#organization && slug === this.#slug;
  }

  async show(_parts, query) {
    this.#page = Number.parseInt(query.get("page") ?? "1", 10) || 1;
    this.input.value = query.get("text") ?? "";
    await this.beat();
  }

  async beat() {
    const asked = { page: String(this.#page), text: this.input.value };
    let found;
    try {
      found = await get(`/_emulator/ui/registries/${this.#organization}/${this.#slug}`, asked);
    } catch (error) {
      if (error.status) this.#miss();
      return;
    }
    if (asked.page !== String(this.#page) || asked.text !== this.input.value) return; // another answer is on its way
    const text = JSON.stringify([asked, found]);
    if (text === this.#drawn) return;
    this.#drawn = text;
    this.#draw(found);
  }

  /** Show what the policy made of the newest requests with an OIDC token. */
  entries() {
    const isHere = ({ oidc, organization }) => oidc?.registry === this.#slug && organization === this.#organization;
    const newest = this.#live.entries.filter(isHere).slice(-MOST_DECISIONS).reverse();
    refill(this.decisions, ...newest.map(admission));
  }

  #filter() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      this.#page = 1;
      history.replaceState(null, "", this.#link(1));
      this.beat();
    }, TYPING);
  }

  #link(page) {
    const query = new URLSearchParams();
    if (this.input.value) query.set("text", this.input.value);
    if (page > 1) query.set("page", page);
    return link("registries", this.#organization, this.#slug) + (query.size ? `?${query}` : "");
  }

  #miss() {
    this.#drawn = "";
    this.heading.textContent = this.#slug;
    this.count.textContent = "";
    refill(this.facts);
    refill(this.packages, h("p.none", {}, "There is no such registry. It may have been deleted."));
    refill(this.tokens);
    this.oidc.hidden = true;
  }

  #draw(found) {
    const { registry, packages, tokens, total } = found;
    this.heading.textContent = registry.name;
    refill(
      this.facts,
      registry.description ? h("p.description", {}, registry.description) : null,
      facts([
        ["Ecosystem", registry.ecosystem],
        ["Slug", h("code", {}, registry.slug)],
        ["Created", date(registry.created_at)],
        ["ID", h("code", {}, registry.id)],
      ]),
    );
    this.count.textContent = total === null ? "" : plural(total, "package");
    refill(
      this.packages,
      packages.length ? this.#table(packages) : this.#none(found),
      this.#pager(found),
    );
    this.oidc.hidden = found.oidc_policy === null;
    if (found.oidc_policy !== null) refill(this.policy, code(found.oidc_policy, "the OIDC policy", "policy"));
    this.entries();
    refill(this.tokens, tokens.length ? h("ul.tokens", {}, ...tokens.map(token)) : h("p.muted", {}, "None."));
  }

  #none({ publish, total, registry }) {
    if (total === null) return h("p.none", {}, "No package's name contains that.");
    if (total > 0) return h("p.none", {}, "There is no such page.");
    if (publish === null) {
      return h("p.none", {}, `Packages of ${registry.ecosystem} do not come as one file, so none can be published here.`);
    }
    const command = [
      `curl ${location.origin}${publish.path} \\`,
      `  -H "Authorization: Bearer $BUILDKITE_API_TOKEN" \\`,
      `  -F "${publish.field}=@${publish.file}"`,
    ].join("\n");
    return h(
      "div.none",
      {},
      h("p", {}, "There is no package yet. It shows here as soon as it is published, for instance with"),
      code(command, "the command", "publish"),
    );
  }

  #table(packages) {
    // The roles are those that the elements have anyway; a narrow screen shows them as other than a table.
    return h(
      "table.packages",
      { role: "table", "aria-labelledby": "packages" },
      h(
        "thead",
        { role: "rowgroup" },
        h("tr", { role: "row" }, ...COLUMNS.map((name) => h("th", { role: "columnheader", scope: "col" }, name))),
      ),
      h("tbody", { role: "rowgroup" }, ...packages.flatMap((each) => this.#rows(each))),
    );
  }

  #rows(each) {
    const id = `package-${each.id}`;
    const isOpen = this.#opened.has(each.id);
    const detail = h(
      "tr.detail",
      { role: "row", id, hidden: !isOpen },
      h("td", { role: "cell", colspan: COLUMNS.length }, details(each)),
    );
    const toggle = () => {
      const opens = detail.hidden;
      detail.hidden = !opens;
      button.setAttribute("aria-expanded", opens);
      if (opens) this.#opened.add(each.id);
      else this.#opened.delete(each.id);
    };
    const expanded = { type: "button", id: `open-${each.id}`, "aria-expanded": String(isOpen), "aria-controls": id };
    const button = h("button.name", { ...expanded, click: toggle }, each.name);
    const values = [
      button,
      h("span.name", {}, each.version),
      each.variant === null ? h("span.muted", {}, "none") : h("span.name", {}, each.variant),
      bytes(each.size),
      h("code", { title: each.sha256 }, `${each.sha256.slice(0, 12)}…`),
      date(each.created_at),
    ];
    const cells = values.map((value, index) => h("td", { role: "cell", "data-label": COLUMNS[index] }, value));
    return [h("tr", { role: "row" }, ...cells), detail];
  }

  #pager({ page, per_page, total, more }) {
    const last = total === null ? null : Math.max(1, Math.ceil(total / per_page));
    if (page === 1 && !more) return null;
    const step = (name, to, is) =>
      is ? h("a", { id: `page-${name}`, href: this.#link(to) }, name) : h("span.muted", { "aria-hidden": "true" }, name);
    return h(
      "nav.pager",
      { "aria-label": "Pages of packages" },
      step("First", 1, page > 1),
      step("Previous", page - 1, page > 1),
      h("span", {}, last === null ? `Page ${page}` : `Page ${page.toLocaleString("en")} of ${last.toLocaleString("en")}`),
      step("Next", page + 1, more),
      last === null ? null : step("Last", last, page < last),
    );
  }
}

function details({ id, file_name, sha256, sha512 }) {
  const digest = (value, name) => h("span.digest", {}, h("code", {}, value), copier(value, name, `${name}-${id}`));
  return facts([
    ["File", h("code.name", {}, file_name)],
    ["SHA-256", digest(sha256, "SHA-256")],
    ["SHA-512", digest(sha512, "SHA-512")],
    ["ID", h("code", {}, id)],
  ]);
}

function admission(entry) {
  const { id, operation, oidc, time } = entry;
  return h(
    "li",
    {},
    h("span", {}, outcome(entry), " ", h("a", { href: link("requests", String(id)), id: `request-${id}` }, operation)),
    h("span.muted", {}, date(time)),
    h("span", {}, verdict(oidc)),
    ...oidc.reasons.map((reason) => h("span.name", {}, reason)),
  );
}

function token({ id, description, created_by, created_at }) {
  return h(
    "li",
    {},
    h("strong.name", {}, description),
    h("span.muted", {}, "by ", created_by, ", ", date(created_at)),
    h("code", {}, id),
  );
}
