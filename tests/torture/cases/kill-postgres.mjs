// kill -9 of the server under load, on PostgreSQL: like kill-sqlite, with durable settings in the database.
import { torture } from "../support/case.mjs";
import { Installation } from "../support/installation.mjs";
import { findsALiar, killLoop } from "../support/kill_loop.mjs";
import { Cluster } from "../support/postgres.mjs";

await torture(async (run) => {
  const cluster = await Cluster.make(run);
  await killLoop(run, await Installation.make(run, { env: { DATABASE_URL: cluster.url } }));
  await findsALiar(run, await Installation.make(run, { env: { DATABASE_URL: await cluster.another("liar") } }));
});
