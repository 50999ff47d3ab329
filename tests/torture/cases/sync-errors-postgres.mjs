// fsync of PostgreSQL's log fails once, again and again under load: PostgreSQL panics and recovers by itself, as it must, and
// the server goes through it: nothing acknowledged is lost, every answer comes within 4.5 s, and within 10 s it stores again.
import { setTimeout as pause } from "node:timers/promises";

import { allWell, answeredInTime, nothingLost } from "../support/account.mjs";
import { soon, torture } from "../support/case.mjs";
import { Installation } from "../support/installation.mjs";
import { Cluster } from "../support/postgres.mjs";
import { SyncFaults } from "../support/sync_faults.mjs";
import { Traffic } from "../support/traffic.mjs";

const STORES_WITHIN = 10_000;

await torture(async (run) => {
  const faults = new SyncFaults(run, "/pg_wal/");
  const cluster = await Cluster.make(run, { env: faults.env });
  const installation = await Installation.make(run, { env: { DATABASE_URL: cluster.url } });
  await installation.serve();
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: 500 });
  const rounds = run.of(2, 20);
  let slowest = 0, felt = 0;
  for (let round = 0; round < rounds; round++) {
    await pause(300);
    const before = faults.failed;
    faults.failOnce(run.random.between(0, 10));
    if (await soon(() => faults.failed > before, 5000)) felt++;
    faults.none();
    const began = Number(process.hrtime.bigint());
    // A moment, so that what was under way is not taken for a recovery.
    const again = () => traffic.answers.find(({ status, at }) => status === 200 && at > began + 100e6);
    slowest = Math.max(slowest, await soon(again, STORES_WITHIN * 2) ? (again().at - began) / 1e6 : Infinity);
  }
  await pause(300);
  await load.end();
  run.control(felt === rounds && /PANIC/.test(cluster.log), `each of ${rounds} errors reached PostgreSQL, which panicked`, cluster.log);
  run.say(`it stores again after ${slowest.toFixed(0)} ms at most`);
  run.demand(slowest < STORES_WITHIN, "it stores again within 10 s of each", slowest);
  answeredInTime(run, traffic.answers);
  await nothingLost(run, installation, traffic);
  await allWell(run, installation, traffic);
});
