// axe-core on a page whose Content-Security-Policy stays in force: DevTools may run a script that the page may not.
import assert from "node:assert/strict";

import axe from "axe-core";

/** What axe-core finds wrong with the page as it stands, a line each. */
export async function violations(page) {
  const devtools = await page.context().newCDPSession(page);
  try {
    // A world of its own: the page's policy and the page's scripts do not reach into it.
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
    const found = await evaluate("axe.run(document, { resultTypes: ['violations'] })");
    assert.ok(found.passes.length > 0, "axe-core looked at nothing");
    return found.violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help} – ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`));
  } finally {
    await devtools.detach();
  }
}

export async function assertAccessible(page, where = page.url()) {
  assert.deepEqual(await violations(page), [], `axe-core on ${where}`);
}

/** Asserts that nothing has to be scrolled sideways. */
export async function assertNoSidewaysScroll(page, where = page.url()) {
  const [content, window] = await page.evaluate(() =>
    [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= window, `${where} is ${content} px wide in a window of ${window} px`);
}
