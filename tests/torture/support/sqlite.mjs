// SQLite's own checks of a file, through Python's sqlite3, since the binary has no command for it.
//
// Only files that no server has open: Python's SQLite may be old, and must not write concurrently with a newer one.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ended, start } from "./installation.mjs";
import { within } from "./wait.mjs";

const CHECK = `
import sqlite3, sys, json
for path in sys.stdin.read().splitlines():
    try:
        database = sqlite3.connect(path)
        found = [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
        found += ["foreign key of " + str(row[0]) for row in database.execute("PRAGMA foreign_key_check")]
        database.close()
    except sqlite3.Error as error:
        found = [str(error)]
    print(json.dumps(found[:5]))
`;

/** Returns the problems of each file, checked on a copy in `scratch`. */
export async function databaseProblems(paths, scratch = tmpdir()) {
  const directory = mkdtempSync(join(scratch, "ks-pay-check-"));
  try {
    const copies = paths.map((path, index) => {
      const copy = join(directory, `${index}.db`);
      for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
      return copy;
    });
    const { code, stdout, stderr } = await ended("python3", ["-c", CHECK], { input: copies.join("\n") });
    if (code !== 0) throw new Error(`python3: ${stderr}`);
    return stdout.trim().split("\n").map((line) => JSON.parse(line));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Timeout to acquire or release a lock, in milliseconds. */
const LOCK_TIMEOUT_MS = 90_000;

/** Skips the case if there is no Python with sqlite3. */
export async function needPython(run) {
  const { code } = await ended("python3", ["-c", "import sqlite3"]).catch(() => ({ code: 1 }));
  if (code !== 0) run.skip("there is no python3 with sqlite3 here; install the Debian package python3");
}

const EXECUTE = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute(sys.argv[2])
`;

/** Runs one statement on a file that no server has open: a fault that a case plants. */
export async function execute(path, statement) {
  const { code, stderr } = await ended("python3", ["-c", EXECUTE, path, statement]);
  if (code !== 0) throw new Error(`python3: ${stderr}`);
}

const LOCK = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
database.execute("ROLLBACK")
`;

/** Holds the database's lock from another process until `release`. It reads and writes nothing. */
export async function lock(run, path) {
  const child = start("python3", ["-c", LOCK, path], { stdio: ["pipe", "pipe", "inherit"] });
  const over = new Promise((resolve) => child.on("close", resolve));
  run.later(() => { if (child.exitCode === null) child.kill("SIGKILL"); });
  const held = new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.on("error", reject);
    over.then(() => reject(new Error("the lock could not be taken")));
  });
  await within(LOCK_TIMEOUT_MS, "the database's lock", held);
  return { release: () => { child.stdin.end(); return within(LOCK_TIMEOUT_MS, "the release of the database's lock", over); } };
}
