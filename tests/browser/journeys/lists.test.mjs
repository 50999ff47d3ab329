// Lists of more than one page: no row is missing or repeated, forwards and backwards.
import assert from "node:assert/strict";

import { open } from "../support/browser.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { site } from "../support/site.mjs";
import { follow, signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

const SENT = 120;

describe("a list of three pages", () => {
  const at = site(async (at) => {
    at.owner = await at.installation.addOwner();
    at.app = await at.installation.addApp(at.owner.company);
    const { url, secret } = await at.installation.connect(at.app);
    await simulate(url, secret, ["--count", `${SENT}`]);
    await simulate(url, secret, ["--event", "payment.failed"]);
  });

  const lists = [["events", "type=payment.captured"], ["transactions", "status=captured"]];
  for (const [list, filter] of lists) {
    for (const javaScriptEnabled of [true, false]) {
      it(`leads through all ${list} and back, and the filter stays, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
        const page = await open(t, at, { javaScriptEnabled });
        await signIn(page, at.owner, `/ks-pay/apps/${at.app}/${list}?mode=test&${filter}`);
        const rows = () => page.locator("main tbody th[scope=row] a").evaluateAll((links) => links.map(({ href }) => href));
        const way = (name) => page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name });
        const newest = await rows();
        assert.equal(await way("Newer").count(), 0, "nothing is newer than the newest");
        await follow(page, "Older");
        const between = await rows();
        await follow(page, "Older");
        const oldest = await rows();
        assert.equal(await way("Older").count(), 0, "nothing is older than the oldest");
        assert.deepEqual([newest, between, oldest].map(({ length }) => length), [50, 50, 20]);
        assert.equal(new Set([...newest, ...between, ...oldest]).size, SENT);

        await follow(page, "Newer");
        assert.deepEqual(await rows(), between);
        await follow(page, "Newer");
        assert.deepEqual(await rows(), newest);
        await page.goBack();
        assert.deepEqual(await rows(), between, "and by the browser's own way back");
      });
    }
  }
});
