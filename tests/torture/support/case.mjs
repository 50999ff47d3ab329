// What every case has in common: its options, its seed, its demands and controls, cleaning up, and one verdict line.
//
// The rule: a demand that is not met and an error end in exit code 1. Where every demand was met and a control found nothing,
// nothing was proved: exit code 75, and scripts/torture tries once more. The same goes in the short form, which shares the
// machine with others, for what took too long. What cannot be done here ends in exit code 77, which is neither passed nor failed.
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { randomOf } from "./random.mjs";
import { waitedFor, within } from "./wait.mjs";

/** The exit codes of a case that could not be tried, and of one that is to be tried once more. */
export const SKIPPED = 77;
const UNPROVED = 75;
/** A case that goes on for so many milliseconds hangs; ten times what one takes, for it may share a slow machine. */
const LONGEST = { short: 600_000, full: 3_600_000 };
/** The longest that one step of cleaning up may take, in milliseconds. */
const CLEANING_LIMIT = 120_000;

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

  /** The first of two figures in the short form, else the second. */
  of(short, full) {
    return this.isShort ? short : full;
  }

  say(text) {
    console.log(`  ${text}`);
  }

  /** What the product must do. `found` says what was seen instead; a list or a map is shown as its first few. */
  demand(isMet, sentence, found) {
    this.#demands++;
    if (!isMet) this.#unmet++;
    this.#note(isMet, "ok", "NOT MET", sentence, found);
  }

  /** What the product must do within `most` milliseconds, in which the machine has a part; Infinity is never. */
  inTime(ms, most, sentence, found) {
    this.#demands++;
    const isMet = ms < most;
    if (!isMet && this.isShort && ms < Infinity) this.#late++;
    else if (!isMet) this.#unmet++;
    this.#note(isMet, "ok", "TOO LATE", sentence, found ?? `${ms.toFixed(0)} ms`);
  }

  /** What shows that this case can fail: the check found what was planted. */
  control(isFound, sentence, found) {
    this.#controls++;
    if (!isFound) this.#blind++;
    this.#note(isFound, "control", "CONTROL FOUND NOTHING", sentence, found);
  }

  #note(isGood, good, bad, sentence, found) {
    console.log(`  ${isGood ? good : bad}: ${sentence}${!isGood && found !== undefined ? `\n    found: ${excerpt(found)}` : ""}`);
  }

  /** A function that makes what people will want to read when something is broken; called then only. */
  evidence(text) {
    this.#evidence.push(text);
  }

  /** Ends the case: it cannot be tried here. */
  skip(why) {
    throw new Skipped(why);
  }

  /** Does something at the end, however the case ends; the last first. */
  later(clean) {
    this.#cleaners.push(clean);
  }

  /** A directory that is gone afterwards. `inMemory` is for what needs no disk, where there is such a place. */
  directory({ inMemory = false } = {}) {
    const parent = inMemory && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
    const directory = mkdtempSync(join(parent, "ks-pay-torture-"));
    this.later(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  }

  async clean() {
    for (const clean of this.#cleaners.splice(0).reverse()) {
      await within(CLEANING_LIMIT, "cleaning up", Promise.resolve().then(clean)).catch((error) => console.log(`  could not clean up: ${error.message}`));
    }
  }

  /** What may explain what is broken. */
  get proofs() {
    return this.#unmet || this.#blind || this.#late ? this.#evidence.map((text) => text()).filter(Boolean) : [];
  }

  /** The last line, and the exit code that goes with it. */
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

/** Waits until something is so or there, for so many milliseconds at most; whether it is, or what was found. */
export async function soon(find, patience) {
  const late = Date.now() + patience;
  for (;;) {
    const found = find();
    if (found || Date.now() > late) return found;
    await pause(10);
  }
}

/** Runs a case to its end, and the process with it. */
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
  const longest = run.of(LONGEST.short, LONGEST.full);
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
