// Real binary: servers on their own port with their own data directory, and commands run against them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const BINARY = process.env.KS_PAY_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/ks-pay");
/** Timeout for a server to listen or to shut down, in milliseconds. */
const SERVER_TIMEOUT_MS = 30_000;
/** Timeout for a command, in milliseconds. */
const COMMAND_TIMEOUT_MS = 90_000;

assert.ok(existsSync(BINARY), `There is no ${BINARY}: run cargo build, or name the binary in KS_PAY_BIN.`);

/** Removes the caller's own settings from the environment of an installation under test. */
export function environment(dataDir, extra) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(KS_PAY_|RUST_LOG$|DATABASE_URL$)/.test(name));
  return { ...Object.fromEntries(kept), KS_PAY_LISTEN: "127.0.0.1:0", KS_PAY_DATA_DIR: dataDir, ...extra };
}

/** Runs a command; returns its output and exit code. */
export async function command(args, { dataDir = tmpdir(), input = "", env = {} } = {}) {
  const child = spawn(BINARY, args, { env: environment(dataDir, env) });
  let stdout = "", stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => { stdout += text; });
  child.stderr.setEncoding("utf8").on("data", (text) => { stderr += text; });
  child.stdin.on("error", () => {}).end(input); // some commands end without reading
  const late = setTimeout(() => {
    stderr += `\nIt was ended: it did not end by itself within ${COMMAND_TIMEOUT_MS / 1000} s.`;
    child.kill("SIGKILL");
  }, COMMAND_TIMEOUT_MS);
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearTimeout(late);
  return { code, stdout, stderr };
}

/** Installation: its data directory and, while it runs, its server. */
export class Installation {
  #child;
  #env;
  /** Address of the server, as http://HOST:PORT. */
  url;
  /** One-time link to /setup, if the last start printed one. */
  setupLink;
  /** Output of the server on stderr. */
  log = "";

  constructor(dataDir, env) {
    this.dataDir = dataDir;
    this.#env = env;
  }

  /** Creates an installation that runs until `remove`. */
  static async start(env = {}) {
    const installation = new Installation(await mkdtemp(join(tmpdir(), "ks-pay-test-")), env);
    try {
      await installation.serve();
    } catch (error) {
      await installation.remove();
      throw error;
    }
    return installation;
  }

  /** Stops the server and deletes the data directory. */
  async remove() {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Starts the server, on its previous address if it had one. */
  async serve() {
    const listen = this.url ? { KS_PAY_LISTEN: new URL(this.url).host } : {};
    const child = spawn(BINARY, ["serve"], {
      env: environment(this.dataDir, { ...listen, ...this.#env }), stdio: ["ignore", "pipe", "pipe"],
    });
    child.stderr.setEncoding("utf8").on("data", (text) => { this.log += text; });
    this.#child = child;
    this.setupLink = undefined;
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`ks-pay does not listen.\n${this.log}`)), SERVER_TIMEOUT_MS);
      child.on("error", reject).on("close", (code) => reject(new Error(`ks-pay ended with ${code}.\n${this.log}`)));
      createInterface(child.stdout).on("line", (line) => {
        this.url = line.match(/^listening on (http:\S+)$/)?.[1] ?? this.url;
        this.setupLink = line.match(/https?:\S+\/setup\?token=\S+/)?.[0] ?? this.setupLink;
        // The last line of output: the link without a user, this line with one.
        if (this.setupLink || line.startsWith("data directory ")) {
          clearTimeout(late);
          setImmediate(resolve);
        }
      });
    });
  }

  /** Stops the server as an operator does, and returns its exit code. */
  async stop() {
    const child = this.#child;
    if (!child || child.exitCode !== null) return child?.exitCode;
    const ended = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), SERVER_TIMEOUT_MS);
    const code = await ended;
    clearTimeout(late);
    return code;
  }

  async restart() {
    await this.stop();
    await this.serve();
  }

  /** Runs a command on this installation, which must succeed, and returns its result, parsed if `--json` is given. */
  async run(args, input = "") {
    const { code, stdout, stderr } = await command(args, { dataDir: this.dataDir, input, env: this.#env });
    if (code !== 0) throw new Error(`ks-pay ${args.join(" ")} ended with ${code}: ${stderr}`);
    return args.includes("--json") ? JSON.parse(stdout) : stdout.trim();
  }

  /** Creates a company with its owner. */
  async addOwner({ company = "Neem Tree Crafts", email = "meera@neemtree.example", name = "Meera Iyer" } = {}) {
    const password = "four unrelated quiet words";
    await this.run(["user", "add", "--company", company, "--email", email, "--name", name], `${password}\n`);
    return { company, email, name, password };
  }

  /** Creates an app of that company; returns its id. */
  async addApp(company, name = "Neem Tree Shop", email = "shop@neemtree.example") {
    return this.run(["app", "add", "--company", company, "--name", name, "--email", email, "--country", "IN"]);
  }

  /** Creates a connection of that app; returns its webhook URL and active secret. */
  async connect(app, gateway = "razorpay", mode = "test") {
    const which = ["--app", app, "--gateway", gateway, "--mode", mode];
    await this.run(["gateway", "add", ...which]);
    const { url, secrets } = await this.run(["webhook", "show", ...which, "--json"]);
    return { app, gateway, mode, url, secret: secrets[0].secret };
  }
}

/** Posts signed samples; returns the number of events sent and the responses. */
export async function simulate(url, secret, args = []) {
  const { code, stdout, stderr } = await command(["simulate", "--url", url, "--json", ...args], { input: `${secret}\n` });
  return { code, stderr, ...JSON.parse(stdout) };
}
