// axe-core on a page whose Content-Security-Policy stays in force: DevTools may run a script that the page may not.
import assert from "node:assert/strict";

import axe from "axe-core";

/** Beyond axe-core's defaults: no target is smaller than 24 by 24 pixels (WCAG 2.2). */
const RULES = { "target-size": { enabled: true } };

/**
 * Loads axe-core next to the current page. The returned function reports violations, one per line, and can be called until the
 * page is left; `only` names the rules to check, all of them by default.
 */
export async function accessibility(page) {
  const devtools = await page.context().newCDPSession(page);
  // Isolated world: neither the page's policy nor its scripts apply to it.
  const { frameTree } = await devtools.send("Page.getFrameTree");
  const { executionContextId: contextId } =
    await devtools.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  const evaluate = async (expression) => {
    const { result, exceptionDetails } =
      await devtools.send("Runtime.evaluate", { expression, contextId, awaitPromise: true, returnByValue: true });
    assert.ok(!exceptionDetails, exceptionDetails?.exception?.description);
    return result.value;
  };
  await evaluate(`${axe.source}; undefined`);
  return async ({ only } = {}) => {
    const options = { resultTypes: ["violations"], rules: RULES, ...(only && { runOnly: only, rules: {} }) };
    const found = await evaluate(`axe.run(document, ${JSON.stringify(options)})`);
    assert.ok(found.passes.length > 0, "axe-core looked at nothing");
    const lines = found.violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help} – ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`));
    // A control that an open menu covers in part is used once the menu is closed.
    const isMenuOpen = await evaluate(`document.querySelector("details.menu[open]") !== null`);
    return lines.filter((line) => !isMenuOpen || !line.startsWith("target-size:") || !line.includes("partially obscured"));
  };
}

/** Returns the violations that axe-core finds on the current page, one per line. */
export const violations = async (page) => (await accessibility(page))();

/** Asserts that the page does not scroll sideways. */
export async function assertNoSidewaysScroll(page, where = page.url()) {
  const [content, window] = await page.evaluate(() =>
    [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= window, `${where} is ${content} px wide in a window of ${window} px`);
}
