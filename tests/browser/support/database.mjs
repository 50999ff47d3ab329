// Access to an installation's SQLite file through Python's sqlite3, since the binary has no command for it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";

const CHANGE = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    # -1 for a statement that changes the tables themselves
    assert database.execute(sys.argv[2]).rowcount != 0, "no row was changed"
`;
const LOCK = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
`;

const COUNT = `
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])
`;

function python(program, { dataDir }, ...args) {
  const child = spawn("python3", ["-c", program, join(dataDir, "ks-pay.db"), ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { child, ended };
}

/** Changes rows or tables with one statement while the installation is stopped, and restarts it. */
export async function change(installation, statement) {
  await installation.stop();
  assert.equal(await python(CHANGE, installation, statement).ended, 0, statement);
  await installation.serve();
}

/** Returns the number that a query selects, while the installation runs. */
export async function count(installation, query) {
  const { child, ended } = python(COUNT, installation, query);
  let text = "";
  child.stdout.on("data", (part) => { text += part; });
  assert.equal(await ended, 0, query);
  return Number(text);
}

/** Runs `act` while another process holds the database's lock, so that nothing can be written. */
export async function whileLocked(installation, act) {
  const { child, ended } = python(LOCK, installation);
  const locked = new Promise((resolve) => child.stdout.once("data", () => resolve("locked")));
  try {
    assert.equal(await Promise.race([locked, ended]), "locked", "the lock could not be taken");
    await act();
  } finally {
    child.stdin.end();
    await ended;
  }
}
