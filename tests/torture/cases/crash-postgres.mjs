// PostgreSQL goes away under load, by each of `pg_ctl stop -m immediate`, `-m fast` and kill -9 of the postmaster, and returns,
// the first time after 20 s: no acknowledged event is lost, no response takes longer than 4.5 s, and the same server is ready
// again within 10 s. 30 rounds, 3 in the short form.
import { setTimeout as pause } from "node:timers/promises";

import { torture } from "../support/case.mjs";
import { allWell, answeredInTime, nothingLost } from "../support/final_checks.mjs";
import { Installation } from "../support/installation.mjs";
import { Cluster } from "../support/postgres.mjs";
import { Traffic } from "../support/traffic.mjs";

/** Maximum time until the server is ready once PostgreSQL is, in milliseconds. */
const READY_WITHIN = 10_000;

await torture(async (run) => {
  const cluster = await Cluster.make(run);
  const installation = await Installation.make(run, { env: { DATABASE_URL: cluster.url } });
  await installation.serve();
  const { pid } = installation.child;
  const traffic = new Traffic(run);
  const ways = [() => cluster.stop("immediate"), () => cluster.stop("fast"), () => cluster.kill()];
  const load = traffic.pour(installation.connection, { rate: 500 });
  await traffic.flows();
  let slowest = 0;
  for (let round = 0; round < run.of(3, 30); round++) {
    await pause(run.random.between(200, 500));
    await ways[round % ways.length]();
    // In one round it stays away for long.
    await pause(round ? run.random.between(50, 300) : run.of(1000, 20_000));
    if (!round) {
      const probes = [await installation.get("/healthz"), await installation.get("/readyz")];
      run.demand(probes.join() === "200,503", "while it is away /healthz is 200 and /readyz 503", probes);
    }
    await cluster.start();
    slowest = Math.max(slowest, await installation.until("/readyz", 200, READY_WITHIN * 6) ?? Infinity);
  }
  await pause(200);
  await load.end();
  run.say(`ready again after ${slowest.toFixed(0)} ms at most`);
  run.inTime(slowest, READY_WITHIN, "the server is ready within 10 s after PostgreSQL is");
  run.demand(installation.isRunning && installation.child.pid === pid, "the same server went on");
  answeredInTime(run, traffic.answers);
  await nothingLost(run, installation, traffic);
  await allWell(run, installation, traffic);
});
