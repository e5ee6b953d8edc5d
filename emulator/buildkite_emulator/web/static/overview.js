// All registries, by organization.

import { code, h, link, plural, refill } from "./elements.js";
import { get } from "./live.js";

export class Overview {
  title = "Registries";
  #organizations = [];
  #text = "";

  constructor() {
    this.heading = h("h1", { tabindex: "-1" }, "Registries");
    this.input = h("input", { id: "filter", type: "search", autocomplete: "off", input: () => this.#filter() });
    this.list = h("div", {});
    this.element = h(
      "div.view",
      {},
      h(
        "div.head",
        {},
        this.heading,
        h("form.filters", { role: "search", submit: (event) => event.preventDefault() }, field("Filter", this.input)),
      ),
      this.list,
    );
  }

  fits(parts) {
    return parts.length !== 2;
  }

  async show() {
    await this.beat();
  }

  async beat() {
    let found;
    try {
      found = await get("/_emulator/ui/registries");
    } catch {
      return; // the head of the page says so
    }
    const text = JSON.stringify(found);
    if (text === this.#text) return;
    this.#text = text;
    this.#organizations = found.organizations;
    this.#draw();
  }

  #filter() {
    this.#draw();
  }

  #draw() {
    const wanted = this.input.value.trim().toLowerCase();
    refill(this.list, ...this.#organizations.map((each) => organization(each, wanted)));
  }
}

function field(label, input) {
  return h("label", {}, h("span", {}, label), input);
}

function organization({ slug, create_path, registries }, wanted) {
  const shown = registries.filter(({ name, slug, ecosystem, description }) =>
    [name, slug, ecosystem, description ?? ""].some((text) => text.toLowerCase().includes(wanted)),
  );
  const id = `organization-${slug}`;
  const empty = registries.length ? h("p.none", {}, "No registry fits the filter.") : first(slug, create_path);
  return h(
    "section",
    { "aria-labelledby": id },
    h("h2", { id }, slug, " ", h("span.count", {}, plural(registries.length, "registry", "registries"))),
    shown.length ? h("ul.cards", {}, ...shown.map((each) => card(slug, each))) : empty,
  );
}

function card(organization, { slug, name, ecosystem, description, packages }) {
  return h(
    "li",
    {},
    h(
      "a.card",
      { href: link("registries", organization, slug), id: `registry-${organization}-${slug}` },
      h("strong.name", {}, name),
      h("span.badge", {}, ecosystem),
      description ? h("span.description", {}, description) : null,
      h("span.muted", {}, plural(packages, "package")),
    ),
  );
}

function first(slug, path) {
  const command = [
    `curl -X POST ${location.origin}${path} \\`,
    `  -H "Authorization: Bearer $BUILDKITE_API_TOKEN" -H "Content-Type: application/json" \\`,
    `  -d '{"name": "my files", "ecosystem": "files"}'`,
  ].join("\n");
  return h(
    "div.none",
    {},
    h("p", {}, "There is no registry yet. It shows here as soon as it is created, for instance with"),
    code(command, "the command", `create-${slug}`),
  );
}
