// Keep-alive HTTP/1.1 connection, hand-written, since the time of each response and whether a request was sent must be known.
import { connect } from "node:net";

/** No connection: nothing was sent. */
export class Unsent extends Error {}
/** The request was sent, and its response is unknown. */
export class Unknown extends Error {}

export class Line {
  #socket;
  #waiting;
  #received = "";

  constructor(patience = 15_000) {
    this.patience = patience;
  }

  /** Returns the local port, while connected. */
  get port() {
    return this.#socket?.localPort;
  }

  /**
   * Sends a request and resolves with `{ status, at, port }`; `at` is the CLOCK_MONOTONIC time of the response in nanoseconds.
   */
  async ask(host, port, request) {
    if (!this.#socket) await this.#open(host, port);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#socket?.destroy(), this.patience);
      this.#waiting = { resolve, reject, late };
      this.#socket.write(request);
    });
  }

  close() {
    this.#socket?.destroy();
  }

  #open(host, port) {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      const refused = () => reject(new Unsent());
      const late = setTimeout(() => socket.destroy(), this.patience);
      socket.once("connect", () => {
        clearTimeout(late);
        socket.off("error", refused).on("error", () => {});
        this.#received = "";
        this.#socket = socket;
        resolve();
      });
      socket.once("error", refused);
      socket.setEncoding("latin1").on("data", (text) => this.#read(text));
      socket.on("close", () => {
        clearTimeout(late);
        if (this.#socket === socket) this.#socket = undefined;
        refused();
        this.#answer((waiting) => waiting.reject(new Unknown()));
      });
    });
  }

  #read(text) {
    const at = process.hrtime.bigint();
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#received.slice(0, end).toLowerCase();
    const length = Number(head.match(/\r\ncontent-length: *(\d+)/)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    this.#received = "";
    const status = Number(head.slice(9, 12));
    const { localPort: port } = this.#socket;
    if (/\r\nconnection: *close/.test(head)) {
      this.#socket.destroy();
      this.#socket = undefined;
    }
    this.#answer((waiting) => waiting.resolve({ status, at: Number(at), port }));
  }

  #answer(how) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return;
    clearTimeout(waiting.late);
    how(waiting);
  }
}
