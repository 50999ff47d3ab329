// The accessibility tree of a page, as a file that is read in reviews: roles, names and states in their order, without what
// differs from run to run.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../snapshots/", import.meta.url));
const isUpdate = process.env.KS_PAY_SNAPSHOTS === "update";

/** What differs from run to run, and what stands for it. */
const VARIABLE = [
  [/http:\/\/127\.0\.0\.1:\d+/g, "http://HOST"],
  [/pay\.neemtree\.example(:\d+)?/g, "HOST"],
  // Addresses are what other tests are about.
  [/^ *- \/url: .*\n?/gm, ""],
  [/\b([a-z]{2})_[0-9A-Za-z]{11,}\b/g, "$1_ID"],
  [/just now|yesterday|\d+\s(s|sec|min|h|seconds?|minutes?|hours?) ago/g, "AGO"],
  [/\b\d{1,2}:\d{2}(:\d{2})?(\s| )?(am|pm)\b/gi, "TIME"],
  [/\b\d+(\.\d+)?\s?(ms|s)\b/g, "DURATION"],
  [/\b\d{1,2}\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b(?:,?\s20\d\d)?/g, "DATE"],
  [/\b20\d\d-\d\d-\d\d\b/g, "DATE"],
  [/(?:DATE|\b\d{1,2})(?: to |[–-])DATE/g, "DATES"],
  [/\bport \d+/g, "port PORT"],
];

/** Compares the tree of an element, by default the whole page, with its file; with KS_PAY_SNAPSHOTS=update writes the file. */
export async function assertTree(page, name, within = page.locator("body")) {
  const tree = `${VARIABLE.reduce((text, [what, by]) => text.replace(what, by), await within.ariaSnapshot())}\n`;
  const file = join(FOLDER, `${name}.yml`);
  if (isUpdate) {
    await mkdir(dirname(file), { recursive: true });
    return writeFile(file, tree);
  }
  const wanted = await readFile(file, "utf8");
  assert.equal(tree, wanted, `the accessibility tree of ${name} has changed: look at it, then run with KS_PAY_SNAPSHOTS=update`);
}
