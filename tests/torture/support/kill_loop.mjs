// Load, kill -9 of the server, start again; many times on one database.
import { setTimeout as pause } from "node:timers/promises";

import { allWell, nothingLost } from "./account.mjs";
import { Traffic } from "./traffic.mjs";

/** The longest from start to ready after a kill, in milliseconds. */
const READY_WITHIN = 2000;

export async function killLoop(run, installation) {
  const rounds = run.of(10, 200);
  const traffic = new Traffic(run);
  let slowest = 0;
  for (let round = 0; round < rounds; round++) {
    await installation.serve();
    if (round) slowest = Math.max(slowest, installation.readyAfter);
    const load = traffic.pour(installation.connection);
    await pause(run.random.between(100, run.of(300, 600)));
    await installation.kill();
    await load.end();
  }
  run.say(`${rounds} rounds; from start to ready after a kill ${slowest.toFixed(0)} ms at most`);
  run.demand(slowest < READY_WITHIN, `after each kill it is ready within ${READY_WITHIN} ms`, slowest);
  const acknowledged = [...traffic.log.values()].filter((entry) => entry.acknowledged.length).length;
  const enough = run.of(100, 20_000);
  run.demand(acknowledged >= enough, `at least ${enough} events were acknowledged`, acknowledged);
  await nothingLost(run, installation, traffic);
  await installation.serve();
  await allWell(run, installation, traffic);
  run.demand((await installation.stop()) === 0, "told to stop, it ends with 0");
}
