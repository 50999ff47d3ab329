// A thousand idle sockets at a server with a limit of 256 descriptors, under load: it stays alive, every 200 has a row, and
// within 10 s of their closing it responds to new connections again.
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { torture } from "../support/case.mjs";
import { allWell, nothingLost } from "../support/final_checks.mjs";
import { Installation } from "../support/installation.mjs";
import { Traffic } from "../support/traffic.mjs";

const SOCKETS = 1000;
const ALLOWED = 256;
const RECOVERS_WITHIN = 10_000;
/** Additional time to wait for the limit, in milliseconds. */
const EXTRA_TIME_MS = 60_000;

await torture(async (run) => {
  const installation = await Installation.make(run);
  await installation.serve({ through: ["prlimit", `--nofile=${ALLOWED}:${ALLOWED}`, "--"] });
  const { pid } = installation.child;
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: 500 });
  await traffic.flows();
  const { host, port } = installation.connection;
  const sockets = new Set();
  const open = () => {
    const socket = connect({ host, port });
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  };
  let most = 0;
  const isReached = () => most >= ALLOWED - 1;
  const over = Date.now() + run.of(3000, 20_000);
  for (; Date.now() < over || (!isReached() && Date.now() < over + EXTRA_TIME_MS); await pause(50)) {
    while (sockets.size < SOCKETS) open();
    most = Math.max(most, readdirSync(`/proc/${pid}/fd`).length);
  }
  const fresh = traffic.pour(installation.connection, { rate: 100 });
  await pause(500);
  run.control(isReached(), `the limit is reached: ${most} of ${ALLOWED} descriptors in use`);
  for (const socket of sockets) socket.destroy();
  const after = await installation.until("/readyz", 200, RECOVERS_WITHIN * 6) ?? Infinity;
  await pause(500);
  await Promise.all([load.end(), fresh.end()]);
  run.say(`ready ${after.toFixed(0)} ms after the sockets went away`);
  run.inTime(after, RECOVERS_WITHIN, "it is ready within 10 s");
  run.demand(installation.isRunning && installation.child.pid === pid, "the same server went on");
  const odd = traffic.answers.filter(({ status }) => ![0, 200, 503].includes(status));
  run.demand(!odd.length, "every refusal is 503", odd);
  await nothingLost(run, installation, traffic, { isFelt: false });
  await allWell(run, installation, traffic);
});
