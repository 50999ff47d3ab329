// kill -9 of the server under load, on SQLite: acknowledged events are stored, once, with their effect, and the next start is
// fast. 200 rounds, and more until 20,000 are acknowledged; 10 in the short form.
//
// Cannot detect a missing fsync, since the page cache outlives a process; power-cut does.
import { join } from "node:path";

import { torture } from "../support/case.mjs";
import { soundFile } from "../support/final_checks.mjs";
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
