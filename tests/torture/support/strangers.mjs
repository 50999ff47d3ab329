// Clients that are no gateway: one that forges, whose requests are to be noted, and one that asks for much and reads nothing.
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { Line } from "./line.mjs";
import { request } from "./traffic.mjs";

/** So many milliseconds between two forgeries. */
const EVERY = 20;
/** So many requests follow each other on the connection that is not read: far more than sockets hold of the answers. */
const ASKED = 2000;

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

/** Asks for the same page over and over on one connection and takes in no answer, until the case ends. */
export async function deaf(run, { host, port }) {
  const socket = connect({ host, port });
  run.later(() => socket.destroy());
  socket.on("error", () => {}).pause();
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`GET /login HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`.repeat(ASKED));
}
