// kill -9 of the server while it sends deliveries, on SQLite: each stored event reaches the destination at least once, under its
// own id, with its own bytes. 100 rounds, 10 in the short form. The destination refuses some the first time.
import { join } from "node:path";

import { torture } from "../support/case.mjs";
import { Installation } from "../support/installation.mjs";
import { killSending, OPEN_TO_DESTINATIONS as env } from "../support/kill_sending.mjs";
import { execute, needPython } from "../support/sqlite.mjs";

await torture(async (run) => {
  await needPython(run);
  const installation = await Installation.make(run, { env });
  await killSending(run, installation, { execute: (sql) => execute(join(installation.directory, "ks-pay.db"), sql) });
});
