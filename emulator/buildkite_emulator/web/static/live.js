// Keeps up with the emulator: the log of requests, and whether anything may have changed.

const SECOND = 1000;
const BATCH = 200;
const QUIET = 5; // seconds after which the registries are asked for even if no request was logged
const MOST = 1000; // entries that are kept, as many as the emulator keeps

/** Ask for JSON. Throws an Error that has the status, if there was an answer. */
export async function get(path, parameters = {}) {
  const query = new URLSearchParams(parameters);
  const response = await fetch(`${path}?${query}`, { headers: { Accept: "application/json" } });
  if (!response.ok) throw Object.assign(new Error(`${path}: ${response.status}`), { status: response.status });
  return response.json();
}

/**
 * The log as far as it is known here, oldest first, and a heartbeat.
 * Events: "entries" when the log grew or began anew, "beat" when registries may have changed, "state" when the
 * emulator stopped or began to answer.
 */
export class Live extends EventTarget {
  entries = [];
  answers = null;
  #timer = null;
  #turn = 0;
  #beats = 0;

  start() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#stop() : this.#run()));
    if (!document.hidden) this.#run();
  }

  find(id) {
    return this.entries.find((entry) => entry.id === id);
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#turn += 1; // whatever is under way is of an earlier turn, and ends with it
  }

  async #run() {
    this.#stop();
    const turn = this.#turn;
    try {
      const grew = await this.#read(turn);
      if (turn !== this.#turn) return;
      this.#say(true);
      if (grew || this.#beats % QUIET === 0) this.dispatchEvent(new Event("beat"));
      this.#beats += 1;
    } catch {
      if (turn !== this.#turn) return;
      this.#say(false);
      this.#beats = 0;
    }
    this.#timer = setTimeout(() => this.#run(), SECOND);
  }

  /** Ask for what is new; returns whether anything is. */
  async #read(turn) {
    let known = this.entries;
    let fresh = await this.#after(known.at(-1));
    if (fresh === null) {
      // The log was emptied, or the emulator began anew, or more came than it keeps.
      known = [];
      fresh = await this.#after(undefined);
    }
    if (turn !== this.#turn || (!fresh.length && known === this.entries)) return false;
    this.entries = [...known, ...fresh].slice(-MOST);
    this.dispatchEvent(new Event("entries"));
    return true;
  }

  /** Ask for what came after an entry, which is asked for along with it; returns null if it is not there any more. */
  async #after(entry) {
    const found = [];
    let after = entry ? entry.id - 1 : 0;
    for (;;) {
      const { requests } = await get("/_emulator/requests", { after, limit: BATCH });
      found.push(...requests);
      if (requests.length < BATCH) break;
      after = requests.at(-1).id;
    }
    if (!entry) return found;
    return found[0]?.id === entry.id && found[0].time === entry.time ? found.slice(1) : null;
  }

  #say(answers) {
    if (this.answers === answers) return;
    this.answers = answers;
    this.dispatchEvent(new Event("state"));
  }
}
