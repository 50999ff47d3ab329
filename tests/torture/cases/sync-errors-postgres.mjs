// fsync of PostgreSQL's WAL fails once, repeatedly under load: PostgreSQL panics and recovers by itself, as it must, and the
// server survives: no acknowledged event is lost, every response takes at most 4.5 s, and within 10 s it stores again.
import { setTimeout as pause } from "node:timers/promises";

import { soon, torture } from "../support/case.mjs";
import { allWell, answeredInTime, nothingLost } from "../support/final_checks.mjs";
import { Installation } from "../support/installation.mjs";
import { Cluster } from "../support/postgres.mjs";
import { SyncFaults } from "../support/sync_faults.mjs";
import { now, Traffic } from "../support/traffic.mjs";

/** Maximum time until events are stored again, in milliseconds. */
const RECOVERY_TIMEOUT_MS = 10_000;
/** Maximum time until a fault takes effect, in milliseconds. */
const FAULT_TIMEOUT_MS = 30_000;
/** PostgreSQL has ended every session because one of them panicked. */
const REINITIALIZING = /all server processes terminated; reinitializing/g;

await torture(async (run) => {
  const faults = new SyncFaults(run, "/pg_wal/");
  const cluster = await Cluster.make(run, { env: faults.env });
  const installation = await Installation.make(run, { env: { DATABASE_URL: cluster.url } });
  await installation.serve();
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: 500 });
  const rounds = run.of(2, 20);
  const panics = () => cluster.log.match(REINITIALIZING)?.length ?? 0;
  let slowest = 0, felt = 0;
  for (let round = 0; round < rounds; round++) {
    await traffic.flows();
    await pause(300);
    const [failed, panicked] = [faults.failed, panics()];
    faults.failOnce(run.random.between(0, 10));
    const isFailed = await soon(() => faults.failed > failed, FAULT_TIMEOUT_MS);
    const began = now();
    faults.none();
    // Before that another session may still store, which would be mistaken for a recovery.
    if (isFailed && await soon(() => panics() > panicked, FAULT_TIMEOUT_MS)) felt++;
    const gone = now();
    const again = await soon(() => traffic.storedSince(gone), RECOVERY_TIMEOUT_MS * 6);
    slowest = Math.max(slowest, again ? (again.at - began) / 1e6 : Infinity);
  }
  await pause(300);
  await load.end();
  run.control(felt === rounds, `each of ${rounds} errors reached PostgreSQL, which panicked`, cluster.log);
  run.say(`it stores again after ${slowest.toFixed(0)} ms at most`);
  run.inTime(slowest, RECOVERY_TIMEOUT_MS, "it stores again within 10 s of each");
  answeredInTime(run, traffic.answers);
  await nothingLost(run, installation, traffic);
  await allWell(run, installation, traffic);
});
