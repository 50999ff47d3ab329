// Hostile clients: one that forges requests, which are recorded as rejections, and one that sends many requests and reads no
// response.
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { Line } from "./http_connection.mjs";
import { request } from "./traffic.mjs";
import { within } from "./wait.mjs";

/** Interval between two forgeries, in milliseconds. */
const EVERY = 20;
/** Requests on the connection that is not read: socket buffers may grow to hold tens of MB of responses. */
const ASKED = 20_000;
/**
 * The server is considered blocked if its unsent bytes stay unchanged for this many checks, with this interval in milliseconds:
 * a busy machine may not schedule it during some of them. The last figure is the timeout.
 */
const LOOKS = 10;
const APART = 100;
const HELD_WITHIN = 60_000;

/** Posts events signed with an unknown secret until `end`, which resolves with the number of rejected ones. */
export function forger(connection) {
  let isOver = false;
  const posting = (async () => {
    const line = new Line();
    let refused = 0;
    for (let number = 0; !isOver; number++, await pause(EVERY)) {
      const event = { id: `evt_forged${number}`, body: Buffer.from(JSON.stringify({ entity: "event", event: "payment.captured", number })) };
      const { host, port } = connection;
      const answer = await line.ask(host, port, request({ ...connection, secret: "guessed" }, event)).catch(() => undefined);
      if (answer?.status === 401) refused++;
    }
    line.close();
    return refused;
  })();
  return { end: () => { isOver = true; return posting; } };
}

/**
 * Requests the same page repeatedly on one connection and reads no response, until the case ends. Resolves once this blocks the
 * server: its side of the connection has unsent bytes, and their number stays the same.
 */
export async function deaf(run, { host, port }) {
  const socket = connect({ host, port });
  run.later(() => socket.destroy());
  socket.on("error", () => {}).pause();
  await within(30_000, "a connection to the server", new Promise((resolve) => socket.once("connect", resolve)));
  socket.write(`GET /login HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`.repeat(ASKED));
  const until = performance.now() + HELD_WITHIN;
  for (let before = 0, still = 0; still < LOOKS; ) {
    if (performance.now() > until) throw new Error(`the server was not held up by a client that reads nothing within ${HELD_WITHIN} ms`);
    await pause(APART);
    const left = await unsent(port, socket.localPort);
    still = left && left === before ? still + 1 : 0;
    before = left;
  }
}

/** Returns the bytes waiting to be sent from one port of this machine to another: `tx_queue` in /proc/net/tcp, in hex. */
async function unsent(from, to) {
  const port = (address) => parseInt(address.split(":")[1], 16);
  const sockets = (await readFile("/proc/net/tcp", "utf8")).trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/));
  const ours = sockets.find(([, local, remote]) => port(local) === from && port(remote) === to);
  return ours ? parseInt(ours[4].split(":")[0], 16) : 0;
}
