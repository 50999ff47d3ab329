// Makes fsync and fdatasync of some files fail in a process that is started with `env`; see native/sync_fault.c.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { library } from "./native.mjs";

export class SyncFaults {
  #control;
  #random;

  /** Affects files whose path contains `path`. */
  constructor(run, path) {
    const directory = run.directory();
    chmodSync(directory, 0o777); // PostgreSQL runs as somebody else, and writes its log there
    this.#control = join(directory, "control");
    this.#random = run.random;
    const shim = library(run, "sync_fault");
    this.env = { LD_PRELOAD: shim, FAULT_PATH: path, FAULT_CONTROL: this.#control };
    this.none();
  }

  /** From now on `skip` syncs succeed, then one fails. */
  failOnce(skip) {
    this.#write(`${skip} 1`);
  }

  /** From now on every sync fails. */
  failForEver() {
    this.#write("0 -1");
  }

  #write(text) {
    // A text that differs from the last, so that the library restarts its count.
    writeFileSync(this.#control, `${text} ${this.#random.below1()}`);
  }

  none() {
    writeFileSync(this.#control, "");
  }

  /** Returns the number of failed syncs. */
  get failed() {
    const log = `${this.#control}.log`;
    return existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0;
  }
}
