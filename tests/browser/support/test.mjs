// node:test with a limit for each test and each hook, so that a hanging one fails by its name. The browser's own timeouts
// (browser.mjs) are shorter and name the element.
import * as runner from "node:test";

/** Timeout for a test or a hook, in milliseconds: ten times the duration of the slowest. */
const LIMIT = 600_000;

export const { describe } = runner;
export const it = (name, body) => runner.it(name, { timeout: LIMIT }, body);
export const before = (body) => runner.before(body, { timeout: LIMIT });
export const after = (body) => runner.after(body, { timeout: LIMIT });
