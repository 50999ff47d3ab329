// Another process holds the database's lock for 10 s (6 in the short form), on SQLite: every response takes at most 4.5 s, is
// 200 if and only if there is a row, and once the lock is released everything is stored.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { soon, torture } from "../support/case.mjs";
import { allWell, answeredInTime, nothingLost, soundFile } from "../support/final_checks.mjs";
import { Installation } from "../support/installation.mjs";
import { lock, needPython } from "../support/sqlite.mjs";
import { now, Traffic } from "../support/traffic.mjs";

await torture(async (run) => {
  await needPython(run);
  const installation = await Installation.make(run);
  await installation.serve();
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: 500 });
  await traffic.flows();
  const held = await lock(run, join(installation.directory, "ks-pay.db"));
  const began = now();
  const since = () => traffic.answers.filter(({ at }) => at > began);
  await pause(run.of(6000, 10_000));
  await soon(() => since().some(({ status }) => status === 503), 30_000);
  const during = since();
  await held.release();
  await pause(500);
  await load.end();
  run.say(`while it was locked: ${during.length} answers, ${during.filter(({ status }) => status === 503).length} of them 503`);
  run.control(during.some(({ status }) => status === 503), "the lock is felt");
  const odd = traffic.answers.filter(({ status }) => status !== 200 && status !== 503);
  run.demand(!odd.length, "every refusal is 503", odd);
  answeredInTime(run, traffic.answers);
  const rows = await nothingLost(run, installation, traffic);
  const unacknowledged = rows.filter((row) => !traffic.log.get(row.body_sha256)?.acknowledged.length).map(({ event }) => event);
  run.demand(!unacknowledged.length, "what was refused has no row", unacknowledged);
  await allWell(run, installation, traffic);
  await installation.stop();
  await soundFile(run, join(installation.directory, "ks-pay.db"));
});
