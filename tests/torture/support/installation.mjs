// Real binary: a server that can be killed, and commands run against it. Independent of the cases.
//
// Only processes started here are ended, by their id, and none outlives this process.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve as inFull } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { within } from "./wait.mjs";

/** Timeout for a server to be ready or to end, in milliseconds. */
const SERVER_TIMEOUT_MS = 40_000;
/** Timeout for any other program, in milliseconds. */
const PROGRAM_TIMEOUT_MS = 180_000;

/** Owner of every installation created here. */
export const OWNER = { email: "owner@torture.example", password: "four unrelated quiet words" };

export const BINARY = inFull(process.env.KS_PAY_BIN ?? "");
if (!process.env.KS_PAY_BIN || !existsSync(BINARY)) throw new Error("Name the binary in KS_PAY_BIN, or run scripts/torture.");

/** Starts a program that ends with this process, if setpriv is available. */
export function start(command, args, options = {}) {
  const bound = ["/usr/bin/setpriv", "/bin/setpriv"].find(existsSync);
  const [program, before] = bound ? [bound, ["--pdeathsig", "KILL", command]] : [command, []];
  return spawn(program, [...before, ...args], options);
}

/** Runs a program to its end: `{ code, stdout, stderr }`. A program that does not end is killed, and an error names it. */
export async function ended(command, args, { input = "", ...options } = {}) {
  const child = start(command, args, options);
  const chunks = [];
  let stderr = "";
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (text) => { stderr += text; });
  child.stdin.on("error", () => {}).end(input); // some programs end without reading
  const over = new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  const code = await within(PROGRAM_TIMEOUT_MS, `the end of ${command} ${args.slice(0, 4).join(" ")}`, over).finally(() => child.kill("SIGKILL"));
  return { code, stdout: Buffer.concat(chunks).toString(), stderr };
}

/** Removes the caller's own settings from the environment of an installation. */
function environment(extra) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(KS_PAY_|RUST_LOG$|DATABASE_URL$|LD_PRELOAD$)/.test(name));
  return { ...Object.fromEntries(kept), KS_PAY_LISTEN: "127.0.0.1:0", ...extra };
}

export class Installation {
  #env;
  /** Process of the running server. */
  child;
  /** App whose events they are. */
  app;
  /** Endpoint for events: `{ host, port, path, secret }`. */
  connection;
  /** Output of the servers on stderr. */
  log = "";

  /** The data is in `directory`; `env` configures it, for example `DATABASE_URL`. */
  constructor(run, directory, env = {}) {
    this.directory = directory;
    this.#env = { KS_PAY_DATA_DIR: directory, ...env };
    run.later(() => this.kill());
    run.evidence(() => this.complaints());
  }

  /** Creates an installation in its own directory, with an app that is connected to Razorpay. */
  static async make(run, { directory = run.directory(), env } = {}) {
    const installation = new Installation(run, directory, env);
    await installation.setUp();
    return installation;
  }

  async setUp() {
    const company = "Neem Tree Torture";
    const { email, password } = OWNER;
    await this.run(["user", "add", "--company", company, "--email", email, "--name", "Owner"], `${password}\n`);
    const app = await this.run(["app", "add", "--company", company, "--name", "Torture Shop", "--email", email, "--country", "IN"]);
    this.app = app.trim();
    const which = ["--app", this.app, "--gateway", "razorpay", "--mode", "test"];
    await this.run(["gateway", "add", ...which]);
    const { url, secrets } = JSON.parse(await this.run(["webhook", "show", ...which, "--json"]));
    this.connection = { host: "127.0.0.1", port: 0, path: new URL(url).pathname, secret: secrets[0].secret };
  }

  /**
   * Starts the server and waits until it can store an event. `through` is a command that starts it, such as `["strace", "-f"]`,
   * `options` are those of `ks-pay serve`.
   */
  async serve({ env = {}, through = [], options = [] } = {}) {
    const began = performance.now();
    const [program, ...args] = [...through, BINARY, "serve", ...options];
    const stdio = ["ignore", "pipe", "pipe"];
    const child = start(program, args, { env: environment({ ...this.#env, ...env }), stdio, cwd: this.directory });
    this.child = child;
    this.exit = new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
    child.stderr.setEncoding("utf8").on("data", (text) => { this.log = (this.log + text).slice(-200_000); });
    const listening = new Promise((resolve, reject) => {
      child.on("error", reject);
      this.exit.then((how) => reject(new Error(`ks-pay ended with ${how}.\n${this.log.slice(-2000)}`)));
      createInterface(child.stdout).on("line", (line) => {
        const url = line.match(/^listening on (http:\S+)$/)?.[1];
        if (url) resolve(new URL(url));
      });
    });
    const late = pause(SERVER_TIMEOUT_MS, undefined, { ref: false }).then(() => { throw new Error(`ks-pay does not listen.\n${this.log}`); });
    const url = await Promise.race([listening, late]);
    this.connection = { host: "127.0.0.1", ...this.connection, port: Number(url.port) };
    if ((await this.until("/readyz", 200, SERVER_TIMEOUT_MS)) === undefined) throw new Error(`ks-pay is not ready.\n${this.log}`);
    this.readyAfter = performance.now() - began;
  }

  /** Returns the status of a GET, 0 without a response. */
  async get(path, patience = 6000) {
    const { host, port } = this.connection;
    try {
      const options = { redirect: "manual", signal: AbortSignal.timeout(patience), headers: { connection: "close" } };
      const answer = await fetch(`http://${host}:${port}${path}`, options);
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return 0;
    }
  }

  /** Returns a page as a visitor receives it. */
  async page(path) {
    const { host, port } = this.connection;
    const signal = AbortSignal.timeout(SERVER_TIMEOUT_MS);
    return (await fetch(`http://${host}:${port}${path}`, { signal, headers: { connection: "close" } })).text();
  }

  /** Waits for that status of a GET; returns the milliseconds it took, undefined on timeout. */
  async until(path, status, patience) {
    const began = performance.now();
    while (performance.now() - began < patience) {
      if ((await this.get(path)) === status) return performance.now() - began;
      await pause(5);
    }
    return undefined;
  }

  get isRunning() {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  /** Ends the server as a crash does. */
  async kill() {
    return this.signal("SIGKILL");
  }

  /** Ends the server as an operator does; returns its exit code. */
  async stop() {
    return this.signal("SIGTERM");
  }

  async signal(name) {
    if (!this.isRunning) return this.exit;
    this.child.kill(name);
    const late = setTimeout(() => this.child.kill("SIGKILL"), SERVER_TIMEOUT_MS);
    const how = await within(2 * SERVER_TIMEOUT_MS, `the end of ks-pay after ${name}`, this.exit);
    clearTimeout(late);
    return how;
  }

  /** Returns each kind of warning and error that the servers logged: the last of its kind, and how many there were. */
  complaints() {
    const kinds = new Map();
    for (const line of this.log.replace(/\x1b\[[0-9;]*m/g, "").split("\n").filter((line) => /^\d.*(WARN|ERROR)|panic/.test(line))) {
      const kind = line.replace(/\d+/g, "N");
      kinds.set(kind, { line, times: (kinds.get(kind)?.times ?? 0) + 1 });
    }
    return [...kinds.values()].slice(-12).map(({ line, times }) => `  logged ×${times}: ${line}`).join("\n");
  }

  /** Runs a command on this installation, which must succeed; returns its output. */
  async run(args, input = "") {
    const { code, stdout, stderr } = await this.attempt(args, input);
    if (code !== 0) throw new Error(`ks-pay ${args.slice(0, 2).join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  }

  attempt(args, input = "") {
    return ended(BINARY, args, { env: environment(this.#env), input, cwd: this.directory });
  }

  events() {
    return this.run(["events", "export", "--jsonl"]).then(rows);
  }

  transactions() {
    return this.run(["transactions", "export", "--jsonl"]).then(rows);
  }
}

/** Returns the lines of an export. */
export const rows = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
