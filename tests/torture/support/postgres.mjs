// PostgreSQL cluster of a case, durable: fsync, synchronous_commit and full_page_writes are on.
//
// It listens on a socket in its own directory, and on an address only if a case requests it; root runs it as postgres.
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { ended, start } from "./installation.mjs";
import { within } from "./wait.mjs";

/** Timeout for the server to start or to stop, in milliseconds. */
const SERVER_TIMEOUT_MS = 60_000;

/** Settings that preserve a commit through a power cut. */
const DURABLE = { fsync: "on", synchronous_commit: "on", full_page_writes: "on" };

const isRoot = process.getuid() === 0;
/** PostgreSQL does not run as root. QUIT is its `-m immediate`, in case this process ends first. */
const AS_POSTGRES = ["--pdeathsig", "QUIT", "--reuid=postgres", "--regid=postgres", "--init-groups"];
const unprivileged = ([program, ...args]) => isRoot ? ["setpriv", [...AS_POSTGRES, program, ...args]] : [program, args];

/** Debian does not add the programs to the PATH. */
function programs() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((one, other) => Number(one) - Number(other)) : [];
  const directories = [...(process.env.PATH ?? "").split(":"), ...versions.reverse().map((version) => join(debian, version, "bin"))];
  return directories.find((directory) => ["initdb", "postgres", "pg_ctl", "psql"].every((name) => existsSync(join(directory, name))));
}

export class Cluster {
  #bin;
  #settings;
  #env;
  #through;
  #listen;
  #port;
  #sessions = new Set();
  /** Process of the postmaster. */
  child;

  /**
   * Creates a running cluster. `listen` is an additional address, trusted without a password, at which `url` then reaches it on
   * `port`; `through` is a command that starts it; `settings` override the durable ones; `env` is added to its environment.
   */
  static async make(run, { listen = "", port = 5432, through = [], settings = {}, env = {} } = {}) {
    const cluster = new Cluster();
    cluster.#bin = programs() ?? run.skip("there is no PostgreSQL here; install the Debian package postgresql");
    cluster.#through = through;
    cluster.#env = env;
    [cluster.#listen, cluster.#port] = [listen, port];
    cluster.#settings = { ...DURABLE, listen_addresses: listen, port, max_connections: 100, dynamic_shared_memory_type: "mmap", ...settings };
    cluster.directory = run.directory();
    chmodSync(cluster.directory, 0o755);
    cluster.data = join(cluster.directory, "data");
    mkdirSync(cluster.data, 0o700);
    if (isRoot) await succeed("chown", ["postgres:", cluster.directory, cluster.data]);
    await succeed(...unprivileged([join(cluster.#bin, "initdb"), "--pgdata", cluster.data, "--username", "postgres", "--auth", "trust",
      "--encoding", "UTF8", "--no-locale", "--no-sync"]));
    if (listen) appendFileSync(join(cluster.data, "pg_hba.conf"), `host all all ${listen}/24 trust\n`);
    writeFileSync(join(cluster.directory, "log"), "", { mode: 0o666 });
    run.later(() => cluster.end());
    await cluster.start();
    return cluster;
  }

  /** Returns the path of its socket. */
  get socket() {
    return join(this.directory, `.s.PGSQL.${this.#port}`);
  }

  get url() {
    return this.#urlOf("postgres");
  }

  #urlOf(database) {
    return this.#listen
      ? `postgres://postgres@${this.#listen}:${this.#port}/${database}?sslmode=disable`
      : `postgres:///${database}?host=${this.directory}&user=postgres&sslmode=disable`;
  }

  /** Creates an empty database; returns its URL. */
  async another(name) {
    const { code, stderr } = await this.psql(`CREATE DATABASE ${name}`);
    if (code !== 0) throw new Error(`the database ${name} was not made: ${stderr}`);
    return this.#urlOf(name);
  }

  /** Starts the cluster; after a crash it may have to wait until the previous processes are gone. */
  async start() {
    const late = Date.now() + SERVER_TIMEOUT_MS;
    do {
      const settings = Object.entries(this.#settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      const [program, args] = unprivileged([join(this.#bin, "postgres"), "-D", this.data, "-k", this.directory, ...settings]);
      const [first, ...more] = [...this.#through, program, ...args];
      const child = start(first, more, { stdio: ["ignore", "ignore", "pipe"], cwd: this.directory, env: { ...process.env, ...this.#env } });
      child.stderr.setEncoding("utf8").on("data", (text) => { this.log = ((this.log ?? "") + text).slice(-1_000_000); });
      this.child = child;
      this.exit = new Promise((resolve) => child.on("close", resolve));
      while (child.exitCode === null && child.signalCode === null && Date.now() < late) {
        const { code } = await this.psql("SELECT 1");
        if (code === 0) return;
        await pause(20);
      }
      await pause(100);
    } while (Date.now() < late);
    throw new Error(`PostgreSQL does not start.\n${this.log}`);
  }

  /** Waits until a connection to its address succeeds: after a cut the kernel may not have a route immediately. */
  async reached() {
    for (const late = Date.now() + SERVER_TIMEOUT_MS; Date.now() < late; await pause(20)) {
      const socket = connect({ host: this.#listen, port: this.#port });
      const taken = new Promise((resolve) => socket.on("connect", () => resolve(true)).on("error", () => resolve(false)));
      const isTaken = await within(SERVER_TIMEOUT_MS, `a connection to PostgreSQL at ${this.#listen}`, taken);
      socket.destroy();
      if (isTaken) return;
    }
    throw new Error(`PostgreSQL is not reached at ${this.#listen}.`);
  }

  /** `immediate` is a crash as its own tests simulate it, `fast` ends sessions and closes cleanly. */
  async stop(mode) {
    const ending = this.exit;
    await succeed(...unprivileged([join(this.#bin, "pg_ctl"), "--pgdata", this.data, "--mode", mode, "--wait", "--silent", "stop"]));
    await within(SERVER_TIMEOUT_MS, `the end of PostgreSQL after an ${mode} stop`, ending);
    this.#endSessions();
  }

  /** Ends the cluster in `immediate` mode, if it is running. */
  async end() {
    if ((this.child?.exitCode ?? this.child?.signalCode) === null && this.postmaster) await this.stop("immediate");
  }

  /** Sends kill -9 to the postmaster alone; its sessions notice by themselves. */
  async kill() {
    const pid = this.postmaster;
    if (!pid || this.child.exitCode !== null || this.child.signalCode !== null) return;
    process.kill(pid, "SIGKILL");
    this.child.stderr.destroy();
    const gone = new Promise((resolve) => (this.child.exitCode ?? this.child.signalCode) === null ? this.child.on("exit", resolve) : resolve());
    await within(SERVER_TIMEOUT_MS, "the end of a killed postmaster", gone);
    this.#endSessions();
  }

  /**
   * Closes the input of every psql. A psql that reads the server's last message separately from the end of its connection
   * returns to its input, and would wait there for statements forever.
   */
  #endSessions() {
    for (const child of this.#sessions) child.stdin.end();
  }

  get postmaster() {
    const file = join(this.data, "postmaster.pid");
    return existsSync(file) ? Number(readFileSync(file, "utf8").split("\n")[0]) : undefined;
  }

  psql(sql) {
    return ended(join(this.#bin, "psql"), [...this.#bySocket, "-c", sql]);
  }

  /**
   * Starts a session that reads statements from its stdin, one per line, and passes their results to `answers`. It ends with
   * the server.
   */
  session(answers) {
    const child = start(join(this.#bin, "psql"), this.#bySocket, { stdio: ["pipe", answers ? "pipe" : "ignore", "ignore"] });
    child.stdin.on("error", () => {}); // PostgreSQL may go first
    if (answers) createInterface(child.stdout).on("line", answers);
    this.#sessions.add(child);
    const closed = new Promise((resolve) => child.on("close", resolve)).then(() => this.#sessions.delete(child));
    const over = () => within(SERVER_TIMEOUT_MS, "the end of a psql session", closed).finally(() => child.kill("SIGKILL"));
    // Statements written after its end are lost, as in a crash.
    const ask = (sql) => child.stdin.writable && child.stdin.write(`${sql};\n`);
    return { ask, end: () => child.stdin.end(), over };
  }

  get #bySocket() {
    return ["-X", "-q", "-A", "-t", "-h", this.directory, "-p", String(this.#port), "-U", "postgres"];
  }
}

/** Returns a free port that no client is assigned while PostgreSQL is away: Linux assigns client ports from 32768 up. */
export async function freePort(run) {
  for (;;) {
    const port = run.random.between(16_384, 32_768);
    const server = createServer();
    const isFree = await new Promise((resolve) => server.on("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)));
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}

async function succeed(program, args) {
  const { code, stdout, stderr } = await ended(program, args, { cwd: "/" });
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
}
