// Clients that are no gateway: one that forges, whose requests are to be noted, and one that asks for much and reads nothing.
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { Line } from "./line.mjs";
import { request } from "./traffic.mjs";
import { within } from "./wait.mjs";

/** So many milliseconds between two forgeries. */
const EVERY = 20;
/** So many requests follow each other on the connection that is not read: sockets may grow to hold tens of MB of the answers. */
const ASKED = 20_000;
/** What a server has left to say stays unsaid for so many looks, milliseconds apart, before it counts as held up: a busy
 *  machine may give it no turn for some of them. And how long that is awaited. */
const LOOKS = 10;
const APART = 100;
const HELD_WITHIN = 60_000;

/** Posts events under a secret that is none, until `end`, which resolves with how many were refused as forged. */
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

/** Asks for the same page over and over on one connection and takes in no answer, until the case ends. Resolves once the
 *  server is held up by that: its side of the connection has octets waiting, and their number stays the same. */
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

/** How many octets wait to be sent from the one port of this machine to the other: `tx_queue` in /proc/net/tcp, in hex. */
async function unsent(from, to) {
  const port = (address) => parseInt(address.split(":")[1], 16);
  const sockets = (await readFile("/proc/net/tcp", "utf8")).trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/));
  const ours = sockets.find(([, local, remote]) => port(local) === from && port(remote) === to);
  return ours ? parseInt(ours[4].split(":")[0], 16) : 0;
}
