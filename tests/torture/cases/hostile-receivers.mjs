// Destinations that respond with 100 MB, with headers or informational responses without an end, or with one byte a second: each attempt
// ends within its timeout, the server's memory stays flat, and another destination receives every event meanwhile.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { torture } from "../support/case.mjs";
import { Installation, rows } from "../support/installation.mjs";
import { OPEN_TO_DESTINATIONS as env } from "../support/kill_sending.mjs";
import { Receiver } from "../support/receiver.mjs";
import { Traffic } from "../support/traffic.mjs";

/** Events a second. */
const RATE = 40;
/** Timeout of an attempt, in seconds. */
const TIMEOUT = 5;
/** How long the server runs before its memory is measured, in milliseconds: longer than an attempt. */
const WARM = 8000;
/** How much the memory may grow afterwards, in KiB. The responses of one destination alone are a multiple of that. */
const GROWTH = 24 * 1024;
/** Timeout until everything is delivered to the other destination, in milliseconds. */
const DELIVERED_WITHIN = 120_000;

const LARGE = 100_000_000;
const CHUNK = Buffer.alloc(64 * 1024, "x");
/** What each kind sends first, then again and again, and after how many milliseconds. */
const KINDS = {
  large: { first: `HTTP/1.1 200 OK\r\ncontent-length: ${LARGE}\r\n\r\n`, again: CHUNK, every: 0 },
  headers: { first: "HTTP/1.1 200 OK\r\n", again: "x-more: yes\r\n".repeat(100), every: 0 },
  informational: { first: "", again: "HTTP/1.1 100 Continue\r\n\r\n".repeat(100), every: 0 },
  "slow-head": { first: "HTTP/1.1 200 OK\r\nx-slow: ", again: "x", every: 1000 },
  "slow-body": { first: "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", again: "x", every: 1000 },
};

/** A receiver of one kind. It counts the bytes that it sent, and what it sends goes on until the connection is closed. */
async function hostile(run, { first, again, every }) {
  const receiver = { sent: 0, longest: 0 };
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.once("data", async () => {
      const began = performance.now();
      closed.then(() => { receiver.longest = Math.max(receiver.longest, performance.now() - began); });
      socket.on("data", () => {}).write(first);
      while (!socket.destroyed) {
        const isRoom = socket.write(again);
        receiver.sent += again.length;
        if (every) await pause(every);
        else if (!isRoom) await Promise.race([closed, new Promise((resolve) => socket.once("drain", resolve))]);
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  run.later(() => { for (const socket of sockets) socket.destroy(); server.close(); });
  receiver.url = `http://127.0.0.1:${server.address().port}/`;
  return receiver;
}

/** Returns the resident memory of the server in KiB. */
const memory = ({ child }) => Number(readFileSync(`/proc/${child.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]);

await torture(async (run) => {
  const installation = await Installation.make(run, { env });
  const add = async (name, url) => {
    const which = ["--app", installation.app, "--mode", "test", "--name", name, "--url", url, "--concurrency", "10", "--timeout", String(TIMEOUT)];
    return JSON.parse(await installation.run(["destination", "add", ...which, "--json"])).destination;
  };
  const attackers = new Map();
  for (const [kind, how] of Object.entries(KINDS)) {
    const receiver = await hostile(run, how);
    attackers.set(kind, { receiver, destination: await add(kind, receiver.url) });
  }
  const good = await Receiver.start(run);
  const other = await add("good", good.url);

  await installation.serve();
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: RATE });
  await pause(WARM);
  const before = memory(installation);
  let most = before;
  for (const until = performance.now() + run.of(15_000, 120_000); performance.now() < until; await pause(50)) most = Math.max(most, memory(installation));
  await load.end();
  const sent = [...attackers.values()].reduce((sum, { receiver }) => sum + receiver.sent, 0);
  run.say(`memory ${before} KiB, then ${most} KiB at most; the receivers sent ${Math.round(sent / 1024)} KiB`);
  run.demand(most - before <= GROWTH, `the server's memory grows by less than ${GROWTH} KiB`, most - before);
  run.control(sent / 1024 > 4 * GROWTH, "the receivers sent a multiple of that", sent);

  const deliveries = async () => rows(await installation.run(["deliveries", "export", "--jsonl"]));
  const of = (all, destination) => all.filter((delivery) => delivery.destination === destination);
  const last = Date.now() + DELIVERED_WITHIN;
  let all, late;
  do {
    all = await deliveries();
    late = of(all, other).filter(({ state }) => state !== "delivered");
  } while (late.length && Date.now() < last && (await pause(500, true)));
  run.demand(!late.length, "the other destination receives every event", late);
  const ends = { large: "200", "slow-body": "200", headers: "head_too_large", informational: "head_too_large", "slow-head": "response_slow" };
  for (const [kind, { receiver, destination }] of attackers) {
    const own = of(all, destination).map(({ last_status, last_failure }) => String(last_status ?? last_failure)).filter((end) => end !== "null");
    run.demand(own.length && own.every((end) => end === ends[kind]), `${kind}: each attempt ends with ${ends[kind]}`, own);
    run.inTime(receiver.longest, (TIMEOUT + 3) * 1000, `${kind}: a connection is closed soon after the timeout`);
  }
  run.demand((await installation.stop()) === 0, "told to stop, it ends with 0");
});
