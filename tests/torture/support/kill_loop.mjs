// Load, kill -9 of the server, start again; many times on one database.
import { setTimeout as pause } from "node:timers/promises";

import { allWell, nothingLost } from "./account.mjs";
import { judgeEvents } from "./judge.mjs";
import { liar } from "./liar.mjs";
import { Traffic } from "./traffic.mjs";

/** The method on a server that lies: what it acknowledged must be found to be lost. */
export async function findsALiar(run, installation) {
  await installation.serve();
  const traffic = new Traffic(run);
  const load = traffic.pour(await liar(run, installation.connection), { rate: 1000 });
  await pause(500);
  await installation.kill();
  await load.end();
  const { lost } = judgeEvents(traffic.log, await installation.events());
  run.control(lost.length > 0, `before the same server a proxy that answers 200 first: ${lost.length} acknowledged events are lost`);
}

/** The longest from start to ready after a kill, in milliseconds. */
const READY_WITHIN = 2000;
/** The longest that all rounds and the comparison may take together, in milliseconds: a case that takes too long is not run. */
const OVER_WITHIN = { short: 180_000, full: 300_000 };

export async function killLoop(run, installation) {
  const [rounds, enough] = run.of([10, 100], [200, 20_000]);
  const [began, within] = [performance.now(), run.of(OVER_WITHIN.short, OVER_WITHIN.full)];
  const traffic = new Traffic(run);
  const acknowledged = () => [...traffic.log.values()].filter((entry) => entry.acknowledged.length).length;
  let slowest = 0, round = 0;
  // A slow machine needs more rounds for as many events.
  for (; round < rounds || (acknowledged() < enough && round < 3 * rounds); round++) {
    await installation.serve();
    if (round) slowest = Math.max(slowest, installation.readyAfter);
    const load = traffic.pour(installation.connection);
    await pause(run.random.between(100, run.of(300, 600)));
    await installation.kill();
    await load.end();
  }
  run.say(`${round} rounds; from start to ready after a kill ${slowest.toFixed(0)} ms at most`);
  run.demand(slowest < READY_WITHIN, `after each kill it is ready within ${READY_WITHIN} ms`, slowest);
  run.demand(acknowledged() >= enough, `at least ${enough} events were acknowledged`, acknowledged());
  await nothingLost(run, installation, traffic);
  await installation.serve();
  await allWell(run, installation, traffic);
  run.demand((await installation.stop()) === 0, "told to stop, it ends with 0");
  const took = performance.now() - began;
  run.demand(took < within, `all of it takes less than ${within / 1000} s: ${(took / 1000).toFixed(0)} s`);
}
