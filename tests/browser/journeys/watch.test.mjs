// Tests of the page watch itself: a guard that detects nothing would let everything pass.
import assert from "node:assert/strict";
import { createServer } from "node:http";

import { violations } from "../support/accessibility.mjs";
import { launch, watch } from "../support/browser.mjs";
import { after, before, describe, it } from "../support/test.mjs";

const POLICY = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'";
const PAGES = {
  "/good": "<title>Good</title><main><h1>Good</h1></main>",
  "/inline-style": `<title>Inline</title><main><h1 style="color: red">Inline</h1></main>`,
  "/inline-script": "<title>Inline</title><main><h1>Inline</h1></main><script>document.title = 'ran'</script>",
  "/missing-script": `<title>Missing</title><main><h1>Missing</h1></main><script src="/nowhere.js"></script>`,
  "/faulty-script": `<title>Faulty</title><main><h1>Faulty</h1></main><script src="/throws.js"></script>`,
  "/foreign": `<title>Foreign</title><main><h1>Foreign</h1></main><link rel="stylesheet" href="http://127.0.0.2:9/x.css">`,
  "/unlabelled": "<title>Unlabelled</title><main><h1>Unlabelled</h1><input></main>",
};

describe("the watch over every page", () => {
  let browser, server, url;
  before(async () => {
    browser = await launch();
    server = createServer(({ url: path }, response) => {
      if (path === "/throws.js") return response.writeHead(200, { "content-type": "text/javascript" }).end("throw new Error('x')");
      const page = PAGES[path];
      const type = { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY };
      return response.writeHead(page ? 200 : path === "/favicon.ico" ? 204 : 404, type).end(page && `<!doctype html><html lang=en>${page}</html>`);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${server.address().port}`;
  });
  after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  async function faultsOf(path, options = {}) {
    const context = await browser.newContext({ baseURL: url, ...options });
    const faults = await watch(context, url);
    const page = await context.newPage();
    await page.goto(path);
    // axe-core needs scripts.
    const inaccessible = options.javaScriptEnabled === false ? [] : await violations(page);
    await context.close();
    return { faults, inaccessible };
  }

  for (const javaScriptEnabled of [true, false]) {
    describe(`scripts ${javaScriptEnabled ? "on" : "off"}`, () => {
      const expected = [
        ["/good", null], ["/inline-style", /style-src/], ["/foreign", /leaves the site|style-src/],
        ...(javaScriptEnabled
          ? [["/inline-script", /script-src/], ["/missing-script", /404/], ["/faulty-script", /script: Error: x/]] : []),
      ];
      for (const [path, fault] of expected) {
        it(`${fault ? "sees" : "is content with"} ${path}`, async () => {
          const { faults, inaccessible } = await faultsOf(path, { javaScriptEnabled });
          if (fault) assert.match(faults.join("\n"), fault);
          else assert.deepEqual(faults, []);
          assert.deepEqual(inaccessible, [], "axe-core works under the policy and finds nothing");
        });
      }
    });
  }

  it("sees what axe-core finds", async () => {
    const { faults, inaccessible } = await faultsOf("/unlabelled");
    assert.deepEqual(faults, []);
    assert.match(inaccessible.join("\n"), /^label: /);
  });
});
