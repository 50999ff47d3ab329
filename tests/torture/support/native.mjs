// Builds the libraries that run inside the server's process, for LD_PRELOAD, with the C compiler of the machine.
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

/** Returns the path of the library built from `native/NAME.c`. */
export function library(run, name) {
  const source = fileURLToPath(new URL(`../native/${name}.c`, import.meta.url));
  const directory = run.directory();
  chmodSync(directory, 0o755); // PostgreSQL runs as somebody else
  const out = join(directory, `${name}.so`);
  const made = spawnSync("cc", ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", out, source, "-lpthread"]);
  if (made.error) run.skip("there is no C compiler here; install the Debian package build-essential");
  if (made.status !== 0) throw new Error(`${name}.c: ${made.stderr}`);
  return out;
}
