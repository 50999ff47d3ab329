// The reply to COMMIT is lost on the way from PostgreSQL, repeatedly: the server cannot know whether the event is stored, so it
// must not respond with 200, and the retry must find the event and change nothing.
import { setTimeout as pause } from "node:timers/promises";

import { soon, torture } from "../support/case.mjs";
import { commitProxy } from "../support/commit_proxy.mjs";
import { allWell, answeredInTime, nothingLost } from "../support/final_checks.mjs";
import { Installation } from "../support/installation.mjs";
import { Cluster } from "../support/postgres.mjs";
import { Traffic } from "../support/traffic.mjs";

/** Minimum of lost replies, and of possibly stored events without acknowledgement, for a verdict. */
const CUTS = 5;
const UNKNOWN = 5;

await torture(async (run) => {
  const cluster = await Cluster.make(run);
  const proxy = await commitProxy(run, cluster.socket, 0.1);
  const DATABASE_URL = `postgres://postgres@127.0.0.1:${proxy.port}/postgres?sslmode=disable`;
  const installation = await Installation.make(run, { env: { DATABASE_URL } });
  await installation.serve();
  const traffic = new Traffic(run);
  proxy.isCutting = true;
  const load = traffic.pour(installation.connection, { rate: 500 });
  await pause(run.of(2500, 30_000));
  const unknown = () => [...traffic.log.values()].filter((entry) => entry.refused && !entry.acknowledged.length).length;
  await soon(() => proxy.cuts >= CUTS && unknown() >= UNKNOWN, 60_000);
  proxy.isCutting = false;
  await pause(300);
  await load.end();
  run.say(`${proxy.cuts} replies to COMMIT were lost`);
  answeredInTime(run, traffic.answers);
  const rows = await nothingLost(run, installation, traffic, { isFelt: false });
  const unacknowledged = rows.filter((row) => !traffic.log.get(row.body_sha256)?.acknowledged.length).length;
  run.control(proxy.cuts > 0 && unacknowledged > 0, `the loss is felt: ${unacknowledged} events are stored and were never acknowledged`);
  await allWell(run, installation, traffic);
});
