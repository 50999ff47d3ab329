// Load, kill -9 of the server, restart; many times on one database.
import { setTimeout as pause } from "node:timers/promises";

import { soon } from "./case.mjs";
import { judgeEvents } from "./compare.mjs";
import { liar } from "./early_ack_proxy.mjs";
import { allWell, nothingLost } from "./final_checks.mjs";
import { now, Traffic } from "./traffic.mjs";

/** Timeout for a false acknowledgement, in milliseconds. */
const LIES_WITHIN = 10_000;

/** Runs the method on a server that acknowledges too early: the lost events must be found. */
export async function findsALiar(run, installation) {
  await installation.serve();
  const traffic = new Traffic(run);
  const load = traffic.pour(await liar(run, installation.connection), { rate: 1000 });
  await traffic.flows();
  await pause(300);
  await installation.kill();
  // Acknowledgements from now on are false.
  const killed = now();
  await soon(() => traffic.storedSince(killed), LIES_WITHIN);
  await load.end();
  const { lost } = judgeEvents(traffic.log, await installation.events());
  run.control(lost.length > 0, `before the same server a proxy that answers 200 first: ${lost.length} acknowledged events are lost`);
}

/**
 * Maximum time from start to ready after a kill, and of all rounds including the comparison, in milliseconds. Both depend on
 * the machine, and are required in the full form only.
 */
const READY_WITHIN = 2000;
const OVER_WITHIN = 300_000;

export async function killLoop(run, installation) {
  const [rounds, most, enough] = run.of([10, 100, 100], [200, 600, 20_000]);
  const began = performance.now();
  const traffic = new Traffic(run);
  let slowest = 0, round = 0;
  // A slow machine needs more and longer rounds for the same number of events.
  for (; round < rounds || (traffic.acknowledged < enough && round < most); round++) {
    await installation.serve();
    if (round) slowest = Math.max(slowest, installation.readyAfter);
    const load = traffic.pour(installation.connection);
    await pause(run.random.between(100, run.of(300, 600)) * (1 + Math.floor(round / rounds)));
    await installation.kill();
    await load.end();
  }
  run.say(`${round} rounds; from start to ready after a kill ${slowest.toFixed(0)} ms at most`);
  if (!run.isShort) run.inTime(slowest, READY_WITHIN, `after each kill it is ready within ${READY_WITHIN} ms`);
  run.demand(traffic.acknowledged >= enough, `at least ${enough} events were acknowledged`, traffic.acknowledged);
  await nothingLost(run, installation, traffic);
  await installation.serve();
  await allWell(run, installation, traffic);
  run.demand((await installation.stop()) === 0, "told to stop, it ends with 0");
  const took = performance.now() - began;
  run.say(`all of it took ${(took / 1000).toFixed(0)} s`);
  if (!run.isShort) run.inTime(took, OVER_WITHIN, `all of it takes less than ${OVER_WITHIN / 1000} s`);
}
