// The shop's own system: receives deliveries, and records each under its event.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

/** The number of deliveries of which one is answered with 500, the first time. */
const REFUSES_ONE_IN = 20;

export class Receiver {
  #refused = new Set();
  #count = 0;
  /** The SHA-256 of each body that was received, by event. */
  received = new Map();

  /** Listens until the case ends. */
  static async start(run) {
    const receiver = new Receiver();
    const server = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => response.writeHead(receiver.#note(request.headers["webhook-id"], Buffer.concat(chunks))).end());
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    run.later(() => { server.closeAllConnections(); server.close(); });
    receiver.url = `http://127.0.0.1:${server.address().port}/`;
    return receiver;
  }

  /** Returns the status of the response. What it refuses, it has not received. */
  #note(event, body) {
    this.#count++;
    if (this.#count % REFUSES_ONE_IN === 0 && !this.#refused.has(event)) {
      this.#refused.add(event);
      return 500;
    }
    const digests = this.received.get(event) ?? [];
    this.received.set(event, [...digests, createHash("sha256").update(body).digest("hex")]);
    return 200;
  }

  /** Compares what was received with the stored events: what is missing, of no stored event, or another body. */
  judge(events) {
    const stored = new Map(events.map(({ event, body_sha256 }) => [event, body_sha256]));
    const missing = [...stored.keys()].filter((event) => !this.received.has(event));
    const unknown = [...this.received.keys()].filter((event) => !stored.has(event));
    const changed = [...this.received].filter(([event, digests]) => digests.some((digest) => digest !== stored.get(event)));
    return { missing, unknown, changed: changed.map(([event]) => event) };
  }

  /** Returns the number of events that were received more than once. */
  get repeated() {
    return [...this.received.values()].filter((digests) => digests.length > 1).length;
  }
}
