// The disk is full under load, on a small tmpfs, and later grows: while it is full every 200 has a row and every other response
// is 503, the console still responds, and the same server stores again within 10 s of the growth. Needs root, to mount.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { soon, torture } from "../support/case.mjs";
import { allWell, answeredInTime, nothingLost, soundFile } from "../support/final_checks.mjs";
import { ended, Installation } from "../support/installation.mjs";
import { needPython } from "../support/sqlite.mjs";
import { now, Traffic } from "../support/traffic.mjs";

/** Maximum time until it stores again, in milliseconds. */
const RECOVERS_WITHIN = 10_000;

await torture(async (run) => {
  await needPython(run);
  const directory = run.directory();
  if (process.getuid() !== 0) run.skip("only root may mount a tmpfs");
  const mounted = await ended("mount", ["-t", "tmpfs", "-o", `size=${run.of(4, 8)}m,mode=0700`, "tmpfs", directory]);
  if (mounted.code !== 0) run.skip(`a tmpfs cannot be mounted here: ${mounted.stderr.trim()}`);
  run.later(() => ended("umount", [directory]));
  const installation = await Installation.make(run, { directory });
  await installation.serve();
  const { pid } = installation.child;
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: 800 });
  const isFull = await soon(() => traffic.answers.some(({ status }) => status >= 500), 240_000);
  run.control(isFull, "the disk gets full");
  await pause(run.of(1000, 5000));
  for (const [path, status, meaning] of [
    ["/healthz", 200, "the process is alive"], ["/login", 200, "the console still answers"], ["/readyz", 503, "nothing can be stored"],
  ]) {
    const found = await installation.get(path);
    run.demand(found === status, `while it is full ${path} is ${status}: ${meaning}`, found);
  }
  const grown = await ended("mount", ["-o", "remount,size=256m", directory]);
  if (grown.code !== 0) throw new Error(grown.stderr);
  const began = now();
  const recovers = await soon(() => traffic.storedSince(began), RECOVERS_WITHIN * 3);
  const after = recovers ? (recovers.at - began) / 1e6 : Infinity;
  run.say(`with room again the first 200 after ${after.toFixed(0)} ms`);
  run.inTime(after, RECOVERS_WITHIN, "it stores again within 10 s of getting room");
  await pause(300);
  await load.end();
  run.demand(installation.isRunning && installation.child.pid === pid, "the same server went on");
  if (!recovers) {
    run.say("started anew, so that the rest can be judged");
    await installation.kill();
    await installation.serve();
  }
  const odd = traffic.answers.filter(({ status }) => status !== 200 && status !== 503);
  run.demand(!odd.length, "every refusal is 503", odd);
  answeredInTime(run, traffic.answers);
  await nothingLost(run, installation, traffic);
  await allWell(run, installation, traffic);
  await installation.stop();
  await soundFile(run, join(directory, "ks-pay.db"));
});
