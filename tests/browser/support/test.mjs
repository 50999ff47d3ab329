// node:test with a limit for each test and each hook: one that hangs fails by its name. What the browser waits for has a limit
// of its own (browser.mjs) and names it first.
import * as runner from "node:test";

/** The longest that a test or a hook may take, in milliseconds: ten times what the slowest takes. */
const LIMIT = 600_000;

export const { describe } = runner;
export const it = (name, body) => runner.it(name, { timeout: LIMIT }, body);
export const before = (body) => runner.before(body, { timeout: LIMIT });
export const after = (body) => runner.after(body, { timeout: LIMIT });
