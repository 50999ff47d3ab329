// fsync fails with EIO under load, on SQLite: once at the n-th call, and permanently. Every later 200 has a row after kill -9
// and a restart, /readyz returns 503 while nothing can be synced, and a failed request is accepted as new or as a duplicate
// when it is retried, with one effect. A failed request may have been stored: an error is no proof of absence.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { soon, torture } from "../support/case.mjs";
import { allWell, answeredInTime, nothingLost, soundFile } from "../support/final_checks.mjs";
import { Installation } from "../support/installation.mjs";
import { needPython } from "../support/sqlite.mjs";
import { SyncFaults } from "../support/sync_faults.mjs";
import { now, Traffic } from "../support/traffic.mjs";

/** Maximum time until a fault takes effect, and until the server has recovered, in milliseconds. */
const FAULT_TIMEOUT_MS = 30_000;

await torture(async (run) => {
  await needPython(run);
  const installation = await Installation.make(run);
  const faults = new SyncFaults(run, join(installation.directory, "ks-pay.db"));
  const traffic = new Traffic(run);

  let load;
  const begin = async () => {
    faults.none();
    await installation.serve({ env: faults.env });
    load = traffic.pour(installation.connection, { rate: 800 });
    await traffic.flows();
  };
  const crash = async () => {
    await installation.kill();
    await load.end();
  };

  await begin();
  const stuck = [];
  const once = run.of([0, 7], [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]);
  for (const [index, nth] of once.entries()) {
    faults.failOnce(nth);
    const isFelt = await soon(() => faults.failed === index + 1, FAULT_TIMEOUT_MS);
    run.control(isFelt, `the sync error after ${nth} good ones reached the server`);
    const then = now();
    if (await soon(() => traffic.storedSince(then), FAULT_TIMEOUT_MS)) continue;
    stuck.push(nth);
    // Restarted, so that the rest can be compared.
    await crash();
    await begin();
  }
  run.demand(!stuck.length, "after a single error it stores again, without a restart; it did not after the n-th", stuck);

  const singly = faults.failed;
  faults.failForEver();
  const began = now();
  await soon(() => traffic.answers.some(({ status, sent }) => status >= 500 && sent > began), FAULT_TIMEOUT_MS);
  await pause(run.of(1500, 5000));
  const ready = await installation.get("/readyz");
  const during = traffic.answers.filter(({ sent }) => sent > began);
  const refused = during.filter(({ status }) => status >= 500).length;
  const lasting = faults.failed - singly;
  run.say(`while every sync fails: ${lasting} syncs failed, ${refused} of ${during.length} answers were refusals, /readyz ${ready}`);
  run.control(lasting > 0 && refused > 0, "the lasting error is felt");
  run.demand(ready === 503, "/readyz says 503 while nothing can be synced", ready);
  run.demand((await installation.get("/healthz")) === 200, "/healthz says that the process is alive");
  // Earlier ones may have been synced before the fault, however late the response was.
  const stored = traffic.answers.filter(({ status, sent }) => status === 200 && sent > began);
  run.demand(!stored.length, "no 200 while every sync fails", stored);
  await crash();
  const odd = traffic.answers.filter(({ status }) => ![0, 200, 503].includes(status));
  run.demand(!odd.length, "every refusal is 503", odd);
  answeredInTime(run, traffic.answers.filter(({ status }) => status !== 0));

  await installation.serve();
  await nothingLost(run, installation, traffic);
  await allWell(run, installation, traffic);
  await installation.stop();
  await soundFile(run, join(installation.directory, "ks-pay.db"));
});
