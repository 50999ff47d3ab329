// kill -9 of the server while it sends deliveries, on PostgreSQL: like kill-sending. A claim of the server that was killed holds its
// delivery until it expires, since another server may be sending it; the clock of each server is therefore ten minutes ahead of the
// one before.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { torture } from "../support/case.mjs";
import { Installation } from "../support/installation.mjs";
import { killSending, OPEN_TO_DESTINATIONS } from "../support/kill_sending.mjs";
import { library } from "../support/native.mjs";
import { Cluster } from "../support/postgres.mjs";

/** Longer than a claim lasts, in seconds. */
const STEP = 600;

await torture(async (run) => {
  const shim = library(run, "clock_shift");
  const control = join(run.directory(), "shift");
  const cluster = await Cluster.make(run);
  const clock = { LD_PRELOAD: shim, CLOCK_SHIFT: control };
  const installation = await Installation.make(run, { env: { ...OPEN_TO_DESTINATIONS, ...clock, DATABASE_URL: cluster.url } });
  let shift = 0;
  await killSending(run, installation, {
    expire: () => writeFileSync(control, String((shift += STEP))),
    execute: async (sql) => {
      const { code, stderr } = await cluster.psql(sql);
      if (code !== 0) throw new Error(`${sql}: ${stderr}`);
    },
  });
});
