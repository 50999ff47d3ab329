// The demo, in a folder of its own.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { BINARY, environment } from "./ks_pay.mjs";

/** Timeout for the demo to have its history, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/** A running demo: its address, and its owner's email and password. */
export class Demo {
  #child;
  #folder;
  url;
  email;
  password;

  /** Starts one that runs until `remove`. */
  static async start() {
    const demo = new Demo();
    demo.#folder = await mkdtemp(join(tmpdir(), "ks-pay-demo-"));
    try {
      await demo.#serve();
    } catch (error) {
      await demo.remove();
      throw error;
    }
    return demo;
  }

  async #serve() {
    const child = spawn(BINARY, ["demo"], {
      cwd: this.#folder, env: environment(this.#folder, {}), stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text) => { log += text; });
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`The demo does not listen.\n${log}`)), START_TIMEOUT_MS);
      child.on("error", reject).on("close", (code) => reject(new Error(`The demo ended with ${code}.\n${log}`)));
      createInterface(child.stdout).on("line", (line) => {
        this.url = line.match(/^listening on (http:\S+)$/)?.[1] ?? this.url;
        this.email = line.match(/^ {2}email +(\S+)$/)?.[1] ?? this.email;
        this.password = line.match(/^ {2}password +(\S+)$/)?.[1] ?? this.password;
        if (this.password) {
          clearTimeout(late);
          resolve();
        }
      });
    });
  }

  /** Stops it and deletes its folder. */
  async remove() {
    const child = this.#child;
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => child.on("close", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
