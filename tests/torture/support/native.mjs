// Builds what must sit inside the server's process: small libraries for LD_PRELOAD, by the C compiler of the machine.
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

/** The path of the library made from `native/NAME.c`. */
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
