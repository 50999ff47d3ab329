// The network between the server and PostgreSQL is cut for 10 s (6 in the short form), once at PostgreSQL's end, so that
// packets vanish, and once at ours: every response takes at most 4.5 s, no acknowledged event is lost, and within 10 s of the
// network's return the same server stores again. A shutdown while the network is cut ends with 0 within 30 s. Needs root, for a
// network namespace.
import { setTimeout as pause } from "node:timers/promises";

import { soon, torture } from "../support/case.mjs";
import { allWell, answeredInTime, nothingLost } from "../support/final_checks.mjs";
import { forger } from "../support/hostile_clients.mjs";
import { ended, Installation } from "../support/installation.mjs";
import { Cluster } from "../support/postgres.mjs";
import { now, Traffic } from "../support/traffic.mjs";

const HEALS_WITHIN = 10_000;
const STOPS_WITHIN = 30_000;

await torture(async (run) => {
  const network = await cable(run);
  const cluster = await Cluster.make(run, { listen: network.theirs, through: network.inside });
  const installation = await Installation.make(run, { env: { DATABASE_URL: cluster.url } });
  await installation.serve();
  const { pid } = installation.child;
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: 300 });
  await traffic.flows();
  for (const end of run.of(["their"], ["their", "our"])) {
    await network.set(end, "down");
    const began = now();
    const since = () => traffic.answers.filter(({ at }) => at > began);
    await pause(run.of(6000, 10_000));
    await soon(() => since().some(({ status }) => status === 503), 30_000);
    const during = since();
    await network.set(end, "up");
    const up = now();
    const again = await soon(() => traffic.storedSince(up), HEALS_WITHIN * 6);
    const healed = again ? (again.at - up) / 1e6 : Infinity;
    const refused = during.filter(({ status }) => status === 503).length;
    run.say(`cut at ${end} end: ${during.length} answers, ${refused} of them 503; first 200 ${healed.toFixed(0)} ms after`);
    run.control(refused > 0, "the cut is felt");
    run.inTime(healed, HEALS_WITHIN, "it stores again within 10 s of the network's return");
    await pause(500);
  }
  run.demand(installation.isRunning && installation.child.pid === pid, "the same server went on");
  // Requests during the shutdown may be cut off.
  const answers = [...traffic.answers];
  await stoppedWhileCut(run, network, cluster, installation);
  await load.end();
  const odd = answers.filter(({ status }) => status !== 200 && status !== 503);
  run.demand(!odd.length, "every refusal is 503", odd);
  answeredInTime(run, answers);
  await nothingLost(run, installation, traffic);
  await allWell(run, installation, traffic);
});

/** Stops the server while PostgreSQL is unreachable, with events and rejections in flight, and restarts it. */
async function stoppedWhileCut(run, network, cluster, installation) {
  const forging = forger(installation.connection);
  await pause(run.random.between(200, 500));
  await network.set("their", "down");
  await pause(run.random.between(50, 500));
  const began = performance.now();
  const code = await installation.stop();
  const ms = Math.round(performance.now() - began);
  run.say(`told to stop while cut: it ended with ${code} after ${ms} ms; ${await forging.end()} forgeries were to be noted`);
  run.demand(code === 0, "told to stop while the network is cut it ends with 0", code);
  run.inTime(ms, STOPS_WITHIN, "and that within 30 s");
  await network.set("their", "up");
  await cluster.reached();
  await installation.serve();
}

/** Creates a virtual network link, with its other end in a separate namespace. */
async function cable(run) {
  if (process.getuid() !== 0) run.skip("only root may make a network namespace");
  const name = `kspay${process.pid}`;
  const [ours, theirs] = [`kp${process.pid}a`, `kp${process.pid}b`];
  const subnet = `10.${run.random.between(64, 250)}.${run.random.between(1, 250)}`;
  const ip = async (...args) => {
    const done = await ended("ip", args).catch((error) => ({ code: 1, stderr: error.message }));
    if (done.code !== 0) run.skip(`a network namespace cannot be made here: ip ${args.join(" ")}: ${done.stderr.trim()}`);
  };
  await ip("netns", "add", name);
  run.later(() => ended("ip", ["netns", "del", name]));
  await ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name);
  run.later(() => ended("ip", ["link", "del", ours]));
  await ip("addr", "add", `${subnet}.1/24`, "dev", ours);
  await ip("link", "set", ours, "up");
  await ip("-n", name, "addr", "add", `${subnet}.2/24`, "dev", theirs);
  await ip("-n", name, "link", "set", "lo", "up");
  await ip("-n", name, "link", "set", theirs, "up");
  return {
    theirs: `${subnet}.2`,
    inside: ["ip", "netns", "exec", name],
    set: (end, state) => end === "our" ? ip("link", "set", ours, state) : ip("-n", name, "link", "set", theirs, state),
  };
}
