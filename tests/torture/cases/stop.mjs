// SIGTERM under load, on both databases, 20 rounds each, 3 in the short form: it ends with 0 within 30 s, and 200 was said if
// and only if the event is stored: what began is finished, and nothing is stored behind a client's back.
import { setTimeout as pause } from "node:timers/promises";

import { allWell, nothingLost } from "../support/account.mjs";
import { torture } from "../support/case.mjs";
import { Installation } from "../support/installation.mjs";
import { Cluster } from "../support/postgres.mjs";
import { Traffic } from "../support/traffic.mjs";

const WITHIN = 30_000;

await torture(async (run) => {
  await rounds(run, "SQLite", await Installation.make(run));
  const cluster = await Cluster.make(run);
  await rounds(run, "PostgreSQL", await Installation.make(run, { env: { DATABASE_URL: cluster.url } }));
});

async function rounds(run, engine, installation) {
  run.say(`on ${engine}:`);
  const traffic = new Traffic(run);
  const ends = [];
  for (let round = 0; round < run.of(3, 20); round++) {
    await installation.serve();
    const load = traffic.pour(installation.connection, { rate: round % 2 ? 200 : Infinity });
    await pause(run.random.between(150, 500));
    const began = performance.now();
    const code = await installation.stop();
    ends.push({ code, ms: Math.round(performance.now() - began) });
    await load.end();
  }
  run.say(`ended after ${Math.max(...ends.map(({ ms }) => ms))} ms at most`);
  run.demand(ends.every(({ code, ms }) => code === 0 && ms < WITHIN), "it ends with 0 within 30 s", ends);
  const rows = await nothingLost(run, installation, traffic, { isFelt: false });
  const behind = (stored) => stored.filter((row) => !traffic.log.get(row.body_sha256)?.acknowledged.length).map(({ event }) => event);
  run.demand(!behind(rows).length, "what is stored was acknowledged", behind(rows));
  const planted = [...rows, { event: "ev_planted", body_sha256: "0" }];
  run.control(behind(planted).length === behind(rows).length + 1, "an event that was stored and not acknowledged is found");
  await installation.serve();
  await allWell(run, installation, traffic);
  await installation.stop();
}
