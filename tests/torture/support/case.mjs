// Common parts of every case: options, seed, demands and controls, cleanup, and one verdict line.
//
// An unmet demand and an error end with exit code 1. If every demand was met and a control found nothing, nothing was proved:
// exit code 75, and scripts/torture retries. The same applies in the short form, which shares the machine with others, to
// exceeded durations. A case that cannot run here ends with exit code 77, which is neither passed nor failed.
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { randomOf } from "./random.mjs";
import { waitedFor, within } from "./wait.mjs";

/** Exit codes of a case that cannot run, and of one that should be retried. */
export const SKIPPED = 77;
const UNPROVED = 75;
/** Timeout of a case, in milliseconds; ten times its duration, since it may share a slow machine. */
const CASE_TIMEOUT_MS = { short: 600_000, full: 3_600_000 };
/** Timeout of one cleanup step, in milliseconds. */
const CLEANUP_TIMEOUT_MS = 120_000;

class Skipped extends Error {}

/** One run of a case. */
class Run {
  #cleaners = [];
  #demands = 0;
  #controls = 0;
  #unmet = 0;
  #blind = 0;
  #late = 0;
  #evidence = [];

  constructor(name, { seed, short }) {
    this.name = name;
    this.seed = seed ?? String(randomInt(1_000_000_000));
    this.isShort = short;
    this.random = randomOf(this.seed);
  }

  /** Returns the first of two figures in the short form, otherwise the second. */
  of(short, full) {
    return this.isShort ? short : full;
  }

  say(text) {
    console.log(`  ${text}`);
  }

  /** Requires a property of the product. `found` describes the observation; a list or a map is shown by its first few entries. */
  demand(isMet, sentence, found) {
    this.#demands++;
    if (!isMet) this.#unmet++;
    this.#note(isMet, "ok", "NOT MET", sentence, found);
  }

  /** Requires a duration of at most `most` milliseconds, which depends on the machine as well; Infinity means never. */
  inTime(ms, most, sentence, found) {
    this.#demands++;
    const isMet = ms < most;
    if (!isMet && this.isShort && ms < Infinity) this.#late++;
    else if (!isMet) this.#unmet++;
    this.#note(isMet, "ok", "TOO LATE", sentence, found ?? `${ms.toFixed(0)} ms`);
  }

  /** Shows that this case can fail: the check found the planted fault. */
  control(isFound, sentence, found) {
    this.#controls++;
    if (!isFound) this.#blind++;
    this.#note(isFound, "control", "CONTROL FOUND NOTHING", sentence, found);
  }

  #note(isGood, good, bad, sentence, found) {
    console.log(`  ${isGood ? good : bad}: ${sentence}${!isGood && found !== undefined ? `\n    found: ${excerpt(found)}` : ""}`);
  }

  /** Registers a function that produces diagnostic output, called only on failure. */
  evidence(text) {
    this.#evidence.push(text);
  }

  /** Ends the case: it cannot run here. */
  skip(why) {
    throw new Skipped(why);
  }

  /** Registers a cleanup step that runs however the case ends, in reverse order. */
  later(clean) {
    this.#cleaners.push(clean);
  }

  /**
   * Creates a directory that is deleted afterwards. `inMemory` is for data that needs no disk, where such a file system exists.
   */
  directory({ inMemory = false } = {}) {
    const parent = inMemory && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
    const directory = mkdtempSync(join(parent, "ks-pay-torture-"));
    this.later(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  }

  async clean() {
    for (const clean of this.#cleaners.splice(0).reverse()) {
      await within(CLEANUP_TIMEOUT_MS, "cleaning up", Promise.resolve().then(clean)).catch((error) => console.log(`  could not clean up: ${error.message}`));
    }
  }

  /** Returns the diagnostic output. */
  get proofs() {
    return this.#unmet || this.#blind || this.#late ? this.#evidence.map((text) => text()).filter(Boolean) : [];
  }

  /** Returns the last line, and the exit code for it. */
  verdict(error) {
    if (error instanceof Skipped) return [`SKIPPED, nothing was proved: ${error.message}`, SKIPPED];
    if (error) return [`BROKEN by an error: ${error.stack}`, 1];
    if (this.#unmet) return [`BROKEN: ${this.#unmet} of ${this.#demands} demands not met`, 1];
    if (this.#late) return [`UNPROVED: ${this.#late} of ${this.#demands} demands met too late`, UNPROVED];
    if (this.#blind) return [`UNPROVED: ${this.#blind} of ${this.#controls} controls found nothing`, UNPROVED];
    if (!this.#demands || !this.#controls) return ["BROKEN: a case needs a demand and a control", 1];
    return [`kept: ${this.#demands} demands met, ${this.#controls} controls found what was planted`, 0];
  }
}

function excerpt(found) {
  if (!Array.isArray(found)) return typeof found === "string" ? found : JSON.stringify(found);
  const first = found.slice(0, 5).map((one) => JSON.stringify(one)).join(" ");
  return `${found.length}: ${first}${found.length > 5 ? " …" : ""}`;
}

/** Waits until a condition holds, for at most this many milliseconds; returns its value. */
export async function soon(find, patience) {
  const late = Date.now() + patience;
  for (;;) {
    const found = find();
    if (found || Date.now() > late) return found;
    await pause(10);
  }
}

/** Runs a case to its end, and then exits the process. */
export async function torture(body) {
  const script = process.argv[1];
  const options = { seed: { type: "string" }, short: { type: "boolean", default: false }, help: { type: "boolean", default: false } };
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(readFileSync(script, "utf8").match(/^(\/\/.*\n)+/)[0].replace(/^\/\/ ?/gm, ""));
    console.log("Options: --short, --seed TEXT");
    return;
  }
  const run = new Run(basename(script, ".mjs"), values);
  console.log(`${run.name}${run.isShort ? ", short form" : ""}, --seed ${run.seed}`);
  const interrupted = () => run.clean().finally(() => process.exit(130));
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  const longest = run.of(CASE_TIMEOUT_MS.short, CASE_TIMEOUT_MS.full);
  let late;
  const tooLate = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`the case did not end within ${longest / 1000} s; it waited for ${waitedFor()}`)), longest);
  });
  const began = Date.now();
  const error = await Promise.race([body(run), tooLate]).then(() => undefined, (error) => error);
  clearTimeout(late);
  await run.clean();
  for (const text of run.proofs) console.log(text);
  const [verdict, code] = run.verdict(error);
  console.log(`verdict: ${run.name} ${verdict} (${((Date.now() - began) / 1000).toFixed(1)} s, --seed ${run.seed})`);
  process.exit(code);
}
