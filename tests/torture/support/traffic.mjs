// Client: signed life cycles over keep-alive connections, with duplicates, and a log with three outcomes.
//
// 200 is acknowledged, any other response is refused, and no response is unknown: the event may be stored or not.
import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { soon } from "./case.mjs";
import { Line, Unknown, Unsent } from "./http_connection.mjs";
import { story } from "./payments.mjs";
import { within } from "./wait.mjs";

/** Life cycles sent concurrently. */
const AT_ONCE = 24;
/** Probability of a duplicate: unchanged, or under another id. */
const AGAIN = 0.1;
const UNDER_ANOTHER_ID = 0.2;
/** Number of recent events that may be sent again. */
const LATELY = 64;
/** Connections of a typical load. */
export const CONNECTIONS = 8;
/** Timeout until an event is acknowledged, and until all retried ones are, in milliseconds. */
const ACKNOWLEDGEMENT_TIMEOUT_MS = 60_000;
/** Timeout until a load of fixed size was sent, in milliseconds. */
const LOAD_TIMEOUT_MS = 300_000;

/** Returns the current CLOCK_MONOTONIC time in nanoseconds. */
export const now = () => Number(process.hrtime.bigint());

export class Traffic {
  #random;
  #mark;
  #telling = [];
  #unsent = [];
  #aliases = 0;
  #lately = [];
  /** Every event that was sent, by the hash of its body: `{ event, sent, acknowledged: [ns], refused, unknown }`. */
  log = new Map();
  /** Every life cycle that has started. */
  stories = [];
  /** Every response: `{ status, sent, at, ms, id, port }`, `port` being the client's; status 0 means none. */
  answers = [];

  constructor(run) {
    this.#random = run.random;
    this.#mark = `T${run.seed.replace(/[^0-9A-Za-z]/g, "").slice(0, 12)}x`;
  }

  /** Sends until stopped. `end` resolves once every connection has its last outcome. */
  pour(connection, { connections = CONNECTIONS, most = Infinity, rate = Infinity } = {}) {
    let isOver = false, left = most;
    const perLine = rate === Infinity ? 0 : (1000 * connections) / rate;
    const lines = Array.from({ length: connections }, async () => {
      const line = new Line();
      while (!isOver && left-- > 0) {
        const isSent = await this.#send(line, connection, this.#next());
        if (!isSent) await pause(5);
        if (perLine) await pause(perLine);
      }
      line.close();
    });
    const all = Promise.all(lines);
    return {
      get done() { return within(LOAD_TIMEOUT_MS, `the answers to ${most} requests`, all); },
      end: () => { isOver = true; return within(ACKNOWLEDGEMENT_TIMEOUT_MS, "the last answers to a load that ends", all); },
    };
  }

  /** Returns the number of acknowledged events. */
  get acknowledged() {
    return [...this.log.values()].filter((entry) => entry.acknowledged.length).length;
  }

  /** Returns the first 200 to a request that was sent after this time: requests already in flight prove nothing. */
  storedSince(moment) {
    return this.answers.find(({ status, sent }) => status === 200 && sent > moment);
  }

  /** Waits until an event sent from now on is acknowledged, which takes time on a slow machine. */
  async flows() {
    const began = now();
    if (await soon(() => this.storedSince(began), ACKNOWLEDGEMENT_TIMEOUT_MS)) return;
    throw new Error(`nothing is acknowledged within ${ACKNOWLEDGEMENT_TIMEOUT_MS} ms`);
  }

  /**
   * Sends every unacknowledged event, and the rest of every life cycle. Resolves with the events that are still unacknowledged.
   */
  async settle(connection) {
    for (const told of this.#telling.splice(0)) this.#unsent.push(...told.rest);
    const late = Date.now() + ACKNOWLEDGEMENT_TIMEOUT_MS;
    let again = false;
    for (;;) {
      const open = [...this.log.values()].filter((entry) => !entry.acknowledged.length).map((entry) => entry.event);
      const left = [...new Set([...open, ...this.#unsent.splice(0)])];
      if (!left.length || Date.now() > late) return left;
      if (again) await pause(200);
      again = true;
      await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
        const line = new Line();
        for (let event; (event = left.pop());) if (!(await this.#send(line, connection, event))) await pause(5);
        line.close();
      }));
    }
  }

  /** Returns the log of a server that had responded to everything with 200. */
  asIfBelieved() {
    return new Map([...this.log].map(([sha256, entry]) => [sha256, { ...entry, acknowledged: [0] }]));
  }

  /** Returns figures for the output. */
  summary() {
    const entries = [...this.log.values()];
    const of = (status) => this.answers.filter((answer) => answer.status === status).length;
    const statuses = [...new Set(this.answers.map(({ status }) => status))].sort();
    return `${entries.length} events in ${this.answers.length} requests; acknowledged ${this.acknowledged} events; ` +
      `answers ${statuses.map((status) => `${status || "none"}×${of(status)}`).join(" ")}`;
  }

  #next() {
    if (this.#unsent.length) return this.#unsent.pop();
    if (this.#lately.length === LATELY && this.#random.happens(AGAIN)) {
      // A recent one, so that duplicates are in flight concurrently.
      const { event } = this.#lately[this.#random.between(0, this.#lately.length)];
      return this.#random.happens(UNDER_ANOTHER_ID) ? { ...event, id: `evt_${this.#mark}again${this.#aliases++}` } : event;
    }
    while (this.#telling.length < AT_ONCE) {
      const told = story(this.#random, this.#mark, this.stories.length);
      this.stories.push({ payment: told.payment, outcome: told.outcome });
      this.#telling.push({ rest: [...told.events] });
    }
    const at = this.#random.between(0, this.#telling.length);
    const event = this.#telling[at].rest.shift();
    if (!this.#telling[at].rest.length) this.#telling.splice(at, 1);
    return event;
  }

  #entry(event) {
    let entry = this.log.get(event.sha256);
    if (!entry) {
      entry = { event, sent: 0, acknowledged: [], refused: 0, unknown: 0 };
      this.log.set(event.sha256, entry);
      this.#lately.push(entry);
      if (this.#lately.length > LATELY) {
        // An acknowledged event that is not sent again no longer needs its body.
        const gone = this.#lately.shift();
        if (gone.acknowledged.length) gone.event = { ...gone.event, body: undefined };
      }
    }
    return entry;
  }

  /** Sends the event; returns whether it left this process. */
  async #send(line, connection, event) {
    const entry = this.#entry(event);
    const sent = now();
    const note = (status, at, port) => this.answers.push({ status, sent, at, ms: (at - sent) / 1e6, id: event.id, port });
    entry.sent++;
    try {
      const answer = await line.ask(connection.host, connection.port, request(connection, event));
      if (answer.status === 200) entry.acknowledged.push(answer.at); else entry.refused++;
      note(answer.status, answer.at, answer.port);
    } catch (error) {
      if (error instanceof Unsent) {
        entry.sent--;
        if (!entry.sent && !this.#unsent.includes(event)) {
          this.log.delete(event.sha256);
          this.#unsent.push(event);
        }
        return false;
      }
      if (!(error instanceof Unknown)) throw error;
      entry.unknown++;
      note(0, now());
    }
    return true;
  }
}

/** Returns a request as the gateway posts it; a forger calls it with another secret. */
export function request({ host, port, path, secret }, { id, body }) {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const head = [`POST ${path} HTTP/1.1`, `Host: ${host}:${port}`, "Content-Type: application/json", `Content-Length: ${body.length}`,
    `X-Razorpay-Event-Id: ${id}`, `X-Razorpay-Signature: ${signature}`, "\r\n"].join("\r\n");
  return Buffer.concat([Buffer.from(head), body]);
}
