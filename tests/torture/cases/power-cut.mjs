// Power cuts, simulated from a recording of everything the server writes and syncs: events acknowledged before the cut are in
// every image, and no image is corrupt. 400 cuts for each of 3 seeds, 60 for one in the short form; half of them exactly when a
// response of 200 was received. On five images the real server is started.
//
// Controls: the recording replayed completely equals the file byte for byte; with the syncs that NORMAL would make it must lose
// events; with none, as OFF, it must corrupt files.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { soon, torture } from "../support/case.mjs";
import { asNormal, asOff, Disk, recording } from "../support/disk.mjs";
import { Installation, rows } from "../support/installation.mjs";
import { library } from "../support/native.mjs";
import { randomOf } from "../support/random.mjs";
import { databaseProblems, needPython } from "../support/sqlite.mjs";
import { Traffic } from "../support/traffic.mjs";

const SERVERS = 5;
/** A server that writes nothing for this many milliseconds has processed its requests. */
const STILL = 500;
const WAIT_TIMEOUT_MS = 30_000;
/** Images examined concurrently. */
const BATCH = 20;

await torture(async (run) => {
  await needPython(run);
  const recorder = library(run, "recorder");
  const [seeds, cuts, controls] = run.of([1, 60, 20], [3, 400, 100]);
  for (let seed = 0; seed < seeds; seed++) {
    const random = randomOf(`${run.seed}/${seed}`);
    const at = await record(run, recorder);
    const real = await examine(run, at, at.operations, moments(at, random, cuts), random, { servers: seed === 0 ? SERVERS : 0 });
    run.say(`${cuts} cuts, recording ${seed + 1}: ${real.acknowledged} acknowledged at the last; ${real.losing} cuts lost events, ` +
      `${real.lost} events at worst; ${real.corrupt.length} images were corrupt`);
    run.demand(!real.losing, "acknowledged before the cut − in the image = ∅", real.evidence);
    run.demand(!real.corrupt.length, "every image opens and is sound, and every event has its transaction", real.corrupt);
    if (seed > 0) continue;
    run.demand(real.served === SERVERS, `the server is ready on ${SERVERS} of the images and has what was acknowledged`, real.served);
    const normal = await examine(run, at, asNormal(at.operations), moments(at, random, controls), random);
    run.control(normal.losing > 0, `with the syncs of NORMAL, ${normal.losing} of ${controls} cuts lose events, ${normal.lost} at worst`);
    const off = await examine(run, at, asOff(at.operations), moments(at, random, controls), random);
    const { corrupt, losing } = off;
    run.control(corrupt.length > 0, `with the syncs of OFF, ${corrupt.length} of ${controls} images are corrupt, ${losing} lose events`);
  }
});

/** Loads a server with every write recorded; returns the initial files, the operations, and the times of the acknowledgements. */
async function record(run, recorder) {
  const installation = await Installation.make(run);
  const files = readdirSync(installation.directory).map((name) => join(installation.directory, name));
  const before = new Map(files.map((path) => [path, readFileSync(path)]));
  const log = join(run.directory(), "recording");
  await installation.serve({ env: { LD_PRELOAD: recorder, RECORD_DIR: installation.directory, RECORD_LOG: log } });
  const traffic = new Traffic(run);
  await load(run, installation, traffic);
  // A kill within a write would leave an operation that is not recorded.
  await still(() => statSync(log).size);
  await installation.kill();
  const operations = recording(log);
  const acknowledged = [...traffic.log.values()].filter((entry) => entry.acknowledged.length)
    .map((entry) => ({ sha256: entry.event.sha256, at: Math.min(...entry.acknowledged) }))
    .sort((one, other) => one.at - other.at);
  run.say(`recorded ${operations.length} operations, ${operations.filter(({ kind }) => kind === "sync").length} of them syncs, ` +
    `${(statSync(log).size / 1e6).toFixed(1)} MB, while ${acknowledged.length} events were acknowledged`);
  run.demand(acknowledged.length >= run.of(400, 1200), "the server acknowledges while it is recorded", traffic.summary());
  const disk = new Disk(before, operations);
  disk.advance(Infinity);
  const isLike = ([path, bytes]) => existsSync(path) && readFileSync(path).equals(bytes);
  const unlike = [...disk.whole()].filter((file) => !isLike(file)).map(([path]) => basename(path));
  run.control(!unlike.length, "the recording replayed whole is the database as it is, byte for byte", unlike);
  return { before, operations, acknowledged };
}

/**
 * Sends events until the WAL was checkpointed into the file, which the server does on a timer, and as many again: without syncs
 * a cut corrupts the file, and no WAL.
 */
async function load(run, { connection, directory }, traffic) {
  const written = () => statSync(join(directory, "ks-pay.db")).mtimeMs;
  const before = written();
  await traffic.pour(connection, { most: run.of(250, 750) }).done;
  const more = traffic.pour(connection, { rate: 300 });
  await soon(() => written() !== before, WAIT_TIMEOUT_MS);
  await more.end();
  await traffic.pour(connection, { most: traffic.answers.length }).done;
}

/** Waits until a figure stays the same for a while. */
async function still(figure) {
  let last = figure(), since = Date.now();
  await soon(() => {
    if (figure() !== last) [last, since] = [figure(), Date.now()];
    return Date.now() - since > STILL;
  }, WAIT_TIMEOUT_MS);
}

/** Returns the times of the cuts: half at the receipt of a response, half anywhere between the first and the last. */
function moments({ acknowledged }, random, count) {
  const [first, last] = [acknowledged[0].at, acknowledged.at(-1).at];
  const anyOf = (index) => index % 2 ? random.pick(acknowledged).at : first + random.below1() * (last - first);
  return Array.from({ length: count }, (_, index) => anyOf(index)).sort((one, other) => one - other);
}

/** Creates an image at each of these times and checks its content. */
async function examine(run, { before, acknowledged }, operations, cuts, random, { servers = 0 } = {}) {
  const disk = new Disk(before, operations);
  const found = { losing: 0, lost: 0, corrupt: [], evidence: [], served: 0, acknowledged: acknowledged.length };
  const isServed = new Set(random.shuffled(cuts.map((_, index) => index)).slice(0, servers));
  const directory = run.directory({ inMemory: true });
  for (let first = 0; first < cuts.length; first += BATCH) {
    const images = cuts.slice(first, first + BATCH).map((moment, index) => {
      disk.advance(moment);
      const image = join(directory, String(first + index));
      mkdirSync(image, 0o700);
      for (const [path, bytes] of disk.cut(random)) writeFileSync(join(image, basename(path)), bytes, { mode: 0o600 });
      return { image, moment, index: first + index };
    });
    await look(run, directory, images, acknowledged, found, isServed);
    for (const { image } of images) rmSync(image, { recursive: true });
  }
  return found;
}

async function look(run, directory, images, acknowledged, found, isServed) {
  const problems = await databaseProblems(images.map(({ image }) => join(image, "ks-pay.db")), directory);
  const waiting = images.map((image, position) => ({ ...image, problems: problems[position] }));
  await Promise.all([1, 2].map(async () => {
    for (let one; (one = waiting.shift());) await lookAt(run, one, acknowledged, found, isServed);
  }));
}

async function lookAt(run, { image, moment, index, problems }, acknowledged, found, isServed) {
  const installation = new Installation(run, image);
  const { code, stdout, stderr } = await installation.attempt(["events", "export", "--jsonl"]);
  const stored = code === 0 ? rows(stdout) : [];
  const halves = stored.filter((row) => row.transaction === null).map((row) => `${row.event} has no transaction`);
  const all = [...problems, ...halves, ...(code === 0 ? [] : [stderr.trim()])];
  if (all.length) found.corrupt.push({ cut: index, problems: all });
  const due = acknowledged.filter(({ at }) => at <= moment);
  const missing = lost(due, stored);
  if (missing.length) {
    found.losing++;
    found.lost = Math.max(found.lost, missing.length);
    found.evidence.push({ cut: index, acknowledged: due.length, lost: missing.length, first: missing[0].sha256 });
  }
  if (!isServed.has(index) || all.length) return;
  await installation.serve();
  const isThere = !lost(due, rows(await installation.run(["events", "export", "--jsonl"]))).length;
  if (isThere && (await installation.get("/readyz")) === 200 && (await installation.stop()) === 0) found.served++;
}

function lost(due, stored) {
  const there = new Set(stored.map((row) => row.body_sha256));
  return due.filter(({ sha256 }) => !there.has(sha256));
}
