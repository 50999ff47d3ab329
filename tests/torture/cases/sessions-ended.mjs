// Every 50 ms an administrator ends all our sessions at PostgreSQL, for 60 s (4 in the short form) under load: no acknowledged
// event is lost, none is stored twice, every response is in time.
import { setTimeout as pause } from "node:timers/promises";

import { torture } from "../support/case.mjs";
import { allWell, answeredInTime, nothingLost } from "../support/final_checks.mjs";
import { Installation } from "../support/installation.mjs";
import { Cluster } from "../support/postgres.mjs";
import { Traffic } from "../support/traffic.mjs";

const EVERY = 50;
const END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ks-pay'";
/** Minimum of failed requests for a verdict. */
const REFUSED = 5;
/** Additional time to wait for them, in milliseconds. */
const EXTRA_TIME_MS = 60_000;

await torture(async (run) => {
  const cluster = await Cluster.make(run);
  const installation = await Installation.make(run, { env: { DATABASE_URL: cluster.url } });
  await installation.serve();
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: 1000 });
  await traffic.flows();
  const administrator = cluster.session();
  const isFelt = () => traffic.answers.filter(({ status }) => status === 503).length >= REFUSED;
  const over = Date.now() + run.of(4000, 60_000);
  for (; Date.now() < over || (!isFelt() && Date.now() < over + EXTRA_TIME_MS); await pause(EVERY)) {
    administrator.ask(END);
  }
  administrator.end();
  await administrator.over();
  await pause(300);
  await load.end();
  answeredInTime(run, traffic.answers);
  await nothingLost(run, installation, traffic);
  await allWell(run, installation, traffic);
});
