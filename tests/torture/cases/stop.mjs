// SIGTERM under load, on both databases, 20 rounds each, 3 in the short form: the server ends with 0 within 30 s, and responded
// with 200 if and only if the event is stored: in-flight work is finished, and nothing is stored without an acknowledgement.
//
// The same with PostgreSQL stopped or killed shortly before, 6 rounds, one in the short form: it ends with 0 within 30 s, and
// no acknowledged event is lost. With a client that does not read its responses, it ends with 0 within 30 s as well. And with
// two signals: while a shutdown is delayed, by that client or by a missing PostgreSQL, a second SIGTERM ends it with 0 in 2 s.
import { setTimeout as pause } from "node:timers/promises";

import { torture } from "../support/case.mjs";
import { allWell, nothingLost } from "../support/final_checks.mjs";
import { deaf, forger } from "../support/hostile_clients.mjs";
import { Installation } from "../support/installation.mjs";
import { Cluster, freePort } from "../support/postgres.mjs";
import { now, Traffic } from "../support/traffic.mjs";

/** Upper bounds on the duration of a shutdown, and of one after a second signal, in milliseconds. */
const SHUTDOWN_LIMIT_MS = 30_000;
const SECOND_SIGNAL_LIMIT_MS = 2000;
/** Interval between the first and the second signal. */
const BETWEEN = 1000;
/** Log messages while PostgreSQL is gone and rejections are waiting to be written. */
const UNWRITTEN = /rejections could not be stored yet|the final rejections were not stored/;

await torture(async (run) => {
  // That one takes as long as a shutdown may wait for a client, so it runs in parallel with the others.
  const [held] = await Promise.all([onceBesideTheDeaf(run), others(run)]);
  run.say("once beside a client that does not read its answers:");
  inTime(run, [held], "beside a client that does not read");
  run.control(held.ms > BETWEEN, `a stop is held up by it for more than ${BETWEEN} ms`, held);
});

async function others(run) {
  const onSqlite = await Installation.make(run);
  await rounds(run, "SQLite", onSqlite);
  await twiceBesideTheDeaf(run, onSqlite);
  // Over TCP a missing PostgreSQL refuses connections, which is retried until the timeout.
  const cluster = await Cluster.make(run, { listen: "127.0.0.1", port: await freePort(run) });
  const onPostgres = async (DATABASE_URL) => Installation.make(run, { env: { DATABASE_URL } });
  await rounds(run, "PostgreSQL", await onPostgres(cluster.url));
  await withoutPostgres(run, cluster, await onPostgres(await cluster.another("soon_gone")));
}

async function rounds(run, engine, installation) {
  run.say(`on ${engine}:`);
  const traffic = new Traffic(run);
  const ends = [];
  for (let round = 0; round < run.of(3, 20); round++) {
    await installation.serve();
    const load = traffic.pour(installation.connection, { rate: round % 2 ? 200 : Infinity });
    await traffic.flows();
    await pause(run.random.between(150, 500));
    ends.push(await stopped(installation));
    await load.end();
  }
  inTime(run, ends, `on ${engine}`);
  const rows = await nothingLost(run, installation, traffic, { isFelt: false });
  const behind = (stored) => stored.filter((row) => !traffic.log.get(row.body_sha256)?.acknowledged.length).map(({ event }) => event);
  run.demand(!behind(rows).length, "what is stored was acknowledged", behind(rows));
  const planted = [...rows, { event: "ev_planted", body_sha256: "0" }];
  run.control(behind(planted).length === behind(rows).length + 1, "an event that was stored and not acknowledged is found");
  await installation.serve();
  await allWell(run, installation, traffic);
  await installation.stop();
}

/** Sends one signal with PostgreSQL gone in each way, then two. */
async function withoutPostgres(run, cluster, installation) {
  run.say("with PostgreSQL gone:");
  const traffic = new Traffic(run);
  const ways = [() => cluster.stop("fast"), () => cluster.stop("immediate"), () => cluster.kill()];
  const [ends, twice] = [[], []];
  let unwritten = 0, refused = 0;
  const once = run.of(1, 6);
  for (let round = 0; round < once + run.of(1, 3); round++) {
    await installation.serve();
    const load = traffic.pour(installation.connection, { rate: 500 });
    const forging = forger(installation.connection);
    await traffic.flows();
    await pause(run.random.between(200, 500));
    installation.log = "";
    const began = now();
    await ways[round % ways.length]();
    await pause(run.random.between(50, 500));
    if (round < once) ends.push(await stopped(installation)); else twice.push(await stoppedTwice(installation));
    await load.end();
    await forging.end();
    if (round < once && UNWRITTEN.test(installation.log)) unwritten++;
    refused += traffic.answers.filter(({ status, at }) => status === 503 && at > began).length;
    await cluster.start();
  }
  inTime(run, ends, "with PostgreSQL gone");
  atOnce(run, twice, "with PostgreSQL gone");
  run.control(refused > 0, `the loss is felt: ${refused} requests were refused`);
  run.control(unwritten > 0, `there were refusals to write down: ${unwritten} of ${once} times`, installation.complaints());
  await installation.serve();
  await nothingLost(run, installation, traffic, { isFelt: false });
  await allWell(run, installation, traffic);
  await installation.stop();
}

async function twiceBesideTheDeaf(run, installation) {
  run.say("beside a client that does not read its answers:");
  const ends = [];
  for (let round = 0; round < run.of(1, 5); round++) {
    await installation.serve();
    await deaf(run, installation.connection);
    await pause(run.random.between(200, 500));
    ends.push(await stoppedTwice(installation));
  }
  atOnce(run, ends, "beside a client that does not read");
}

async function onceBesideTheDeaf(run) {
  const installation = await Installation.make(run);
  await installation.serve();
  await deaf(run, installation.connection);
  return stopped(installation);
}

/** Stops the server; returns its exit code, and the duration in milliseconds. */
async function stopped(installation) {
  const began = performance.now();
  const code = await installation.stop();
  return { code, ms: Math.round(performance.now() - began) };
}

/** Stops it with a second signal, from which the duration is measured; returns whether that signal was needed. */
async function stoppedTwice(installation) {
  const first = installation.stop();
  await pause(BETWEEN);
  const isHeld = installation.isRunning;
  const end = await stopped(installation);
  await first;
  return { ...end, isHeld };
}

function inTime(run, ends, where) {
  run.say(`ended after ${slowest(ends)} ms at most`);
  run.demand(ends.every(({ code }) => code === 0), `${where} it ends with 0`, ends);
  run.inTime(slowest(ends), SHUTDOWN_LIMIT_MS, `${where} it ends within 30 s`, ends);
}

function slowest(ends) {
  return Math.max(...ends.map(({ ms }) => ms));
}

function atOnce(run, ends, where) {
  run.say(`ended ${slowest(ends)} ms after the second signal at most`);
  run.control(ends.every(({ isHeld }) => isHeld), `${where} a stop is held up for more than ${BETWEEN} ms`, ends);
  run.demand(ends.every(({ code }) => code === 0), `${where} a second signal ends it with 0`, ends);
  run.inTime(slowest(ends), SECOND_SIGNAL_LIMIT_MS, `${where} a second signal ends it within 2 s`, ends);
}
