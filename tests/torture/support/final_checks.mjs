// Final checks of most cases: first the surviving data is compared; then every unacknowledged event is sent again, and the
// result must equal the expected payments. Each check is also shown to fail on falsified data.
import { judgeEvents, judgePayments } from "./compare.mjs";
import { databaseProblems } from "./sqlite.mjs";

/** Compares the stored events with the client's log: no acknowledged one is lost. Resolves with the exported events. */
export async function nothingLost(run, installation, traffic, { isFelt = true } = {}) {
  run.say(traffic.summary());
  const rows = await installation.events();
  const found = judgeEvents(traffic.log, rows);
  const acknowledged = [...traffic.log.values()].filter((entry) => entry.acknowledged.length).length;
  const unacknowledged = rows.filter((row) => !traffic.log.get(row.body_sha256)?.acknowledged.length).length;
  run.say(`acknowledged ${acknowledged}, stored ${rows.length} (${unacknowledged} of them never acknowledged), lost ${found.lost.length}`);
  run.demand(acknowledged > 0, "something was acknowledged");
  run.demand(!found.lost.length, "acknowledged − stored = ∅", found.lost);
  run.demand(!found.neverSent.length, "every stored body has the SHA-256 of one that was sent", found.neverSent);
  run.demand(!found.doubled.length, "every event is stored once", found.doubled);
  run.demand(!found.miscounted.length, "received_count: every acknowledged request was counted, none twice", found.miscounted);
  if (isFelt) {
    const believed = judgeEvents(traffic.asIfBelieved(), rows).lost;
    run.control(believed.length > 0, `a server that answers 200 before it stores would have lost ${believed.length} events here`);
  }
  return rows;
}

/** Sends unacknowledged events again; asserts that each is stored once and that every payment has its expected final state. */
export async function allWell(run, installation, traffic) {
  const left = await traffic.settle(installation.connection);
  run.demand(!left.length, "what was refused or unknown is taken when it is sent again", left.map(({ id }) => id));
  const rows = await installation.events();
  const transactions = await installation.transactions();
  const events = judgeEvents(traffic.log, rows);
  const payments = judgePayments(traffic.stories, transactions);
  run.say(`after sending again: ${rows.length} events of ${traffic.log.size}, ${transactions.length} payments of ${traffic.stories.length}`);
  for (const [name, found] of Object.entries(events)) run.demand(!found.length, `afterwards no event is ${words(name)}`, found);
  for (const [name, found] of Object.entries(payments)) run.demand(!found.length, `afterwards no payment is ${words(name)}`, found);
  falsified(run, traffic, rows, transactions);
}

/**
 * Maximum time from a request to its response, in milliseconds: gateways wait 5 s. The server gives up 100 ms before the limit
 * of the full form, and next to other cases a process may wait longer than that for the CPU.
 */
const ANSWER_WITHIN = { short: 5000, full: 4500 };

/** Asserts that every request got a response, in time. */
export function answeredInTime(run, answers) {
  const within = run.of(ANSWER_WITHIN.short, ANSWER_WITHIN.full);
  const slowest = (list) => list.reduce((most, { ms }) => Math.max(most, ms), 0);
  const none = (list) => list.filter(({ status }) => status === 0);
  run.say(`${answers.length} answers, the slowest after ${slowest(answers).toFixed(0)} ms`);
  run.demand(!none(answers).length, "every request is answered", none(answers));
  run.inTime(slowest(answers), within, `every answer comes within ${within} ms`);
  const planted = [...answers, { status: 0, ms: within }];
  const isFound = slowest(planted) >= within && none(planted).length === none(answers).length + 1;
  run.control(isFound, "an answer too late and one that never came are found");
}

/** Runs SQLite's own checks of the file, which no process may have open. */
export async function soundFile(run, path) {
  const [problems] = await databaseProblems([path]);
  run.demand(!problems.length, "integrity_check and foreign_key_check find nothing", problems);
}

const words = (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Runs each check on a copy with one fault. */
function falsified(run, traffic, rows, transactions) {
  const [first] = rows;
  const entry = { event: { id: "evt_invented", sha256: "0".repeat(64) }, sent: 1, acknowledged: [1], refused: 0, unknown: 0 };
  const events = (log, stored) => judgeEvents(log, stored);
  const changed = (change) => [{ ...first, ...change }, ...rows.slice(1)];
  const plants = {
    "an invented acknowledged id is lost": events(new Map([...traffic.log, [entry.event.sha256, entry]]), rows).lost.includes("evt_invented"),
    "a row that is gone is lost": events(traffic.log, rows.slice(1)).lost.length === 1,
    "another body's hash was never sent": events(traffic.log, changed({ body_sha256: "1".repeat(64) })).neverSent.length === 1,
    "a second row is doubled": events(traffic.log, [...rows, first]).doubled.length === 1,
    "an event without a transaction is without effect": events(traffic.log, changed({ transaction: null })).withoutEffect.length === 1,
    "a receipt too many is miscounted": events(traffic.log, changed({ received_count: 1_000_000 })).miscounted.length === 1,
    "a payment that is gone is missing": judgePayments(traffic.stories, transactions.slice(1)).missing.length === 1,
    "an amount that is off by one differs": judgePayments(traffic.stories,
      [{ ...transactions[0], amount: transactions[0].amount + 1 }, ...transactions.slice(1)]).unlikeTheirStory.length === 1,
  };
  const blind = Object.entries(plants).filter(([, isFound]) => !isFound).map(([name]) => name);
  run.control(!blind.length, `the comparison finds each of ${Object.keys(plants).length} planted faults`, blind);
}
