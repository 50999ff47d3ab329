// kill -9 of the server under load, on SQLite: what was acknowledged is stored, once, with its effect, and the next start
// is quick. 200 rounds, and more until 20,000 are acknowledged; 10 in the short form.
//
// It cannot see a missing fsync: the page cache outlives a process. power-cut can.
import { join } from "node:path";

import { soundFile } from "../support/account.mjs";
import { torture } from "../support/case.mjs";
import { Installation } from "../support/installation.mjs";
import { findsALiar, killLoop } from "../support/kill_loop.mjs";
import { needPython } from "../support/sqlite.mjs";

await torture(async (run) => {
  await needPython(run);
  const installation = await Installation.make(run);
  await killLoop(run, installation);
  await soundFile(run, join(installation.directory, "ks-pay.db"));
  await findsALiar(run, await Installation.make(run));
});
