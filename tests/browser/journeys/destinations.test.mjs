// A destination from its form to the first event that arrives, with a failure in between.
import assert from "node:assert/strict";
import { createServer } from "node:http";

import { open } from "../support/browser.mjs";
import { fill, until } from "../support/destination_pages.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { site } from "../support/site.mjs";
import { follow, leading, send, signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

/** Starts a shop's own system; `received` are the headers of its requests. */
async function receiver(t) {
  const shop = { status: 200, received: [] };
  const server = createServer((request, response) => {
    shop.received.push(request.headers);
    request.resume().on("end", () => response.writeHead(shop.status).end("<b>not now</b>"));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => { server.closeAllConnections(); server.close(); });
  return Object.assign(shop, { url: `http://127.0.0.1:${server.address().port}/hook` });
}

/** The labels in each language. */
const SAID = {
  en: { name: "Name", value: "Value", add: "Add destination", save: "Save", every: "Every event", count: "Count events", replay: "Replay" },
  hi: { name: "नाम", value: "मान", add: "डेस्टिनेशन जोड़ें", save: "सहेजें", every: "हर इवेंट", count: "इवेंट गिनें", replay: "फिर भेजें" },
};

describe("a destination", () => {
  const at = site(undefined, { KS_PAY_ALLOW_DESTINATIONS: "127.0.0.0/8" });

  it("is added, fails, is retried and receives the event, under one id", async (t) => {
    const shop = await receiver(t);
    const page = await open(t, at);
    const owner = await at.installation.addOwner();
    const app = await at.installation.addApp(owner.company);
    const { url, secret } = await at.installation.connect(app);
    await signIn(page, owner, `/ks-pay/apps/${app}/events?mode=test`);
    await follow(page, "Destinations");
    await follow(page, "Add destination");
    await fill(page, "Shop backend", "https://10.0.0.1/hook");
    await send(page, "Add destination");
    await page.locator("#url-error[data-reason=forbidden]").waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Shop backend", "what was typed stays");
    await fill(page, "Shop backend", shop.url);
    await send(page, "Add destination");
    await page.locator(".flash.is-good").waitFor();
    const own = new URL(page.url()).pathname;
    await send(page, "Reveal the secrets");
    assert.match(await page.locator("#secret").inputValue(), /^whsec_/);

    shop.status = 503;
    assert.equal((await simulate(url, secret)).code, 0);
    await until(page, own, "state-failing");
    await leading(page, () => page.locator("tr .row-link").first().click());
    assert.equal(await page.getByTestId("response").first().innerText(), "<b>not now</b>");
    shop.status = 200;
    const delivery = new URL(page.url()).pathname;
    await send(page, "Retry now");
    await until(page, delivery, "state-delivered");
    assert.equal(new Set(shop.received.map((headers) => headers["webhook-id"])).size, 1);
    assert.ok(shop.received.every((headers) => headers["x-razorpay-signature"]));
  });
});

for (const [language, said] of Object.entries(SAID)) {
  describe(`a destination, in ${language}`, () => {
    const at = site(undefined, { KS_PAY_ALLOW_DESTINATIONS: "127.0.0.0/8" });

    it("receives events of a time range again, with its own header", async (t) => {
      const shop = await receiver(t);
      const page = await open(t, at);
      const owner = await at.installation.addOwner();
      const app = await at.installation.addApp(owner.company);
      const { url, secret } = await at.installation.connect(app);
      assert.equal((await simulate(url, secret)).code, 0);
      await signIn(page, owner);
      await page.setExtraHTTPHeaders({ "accept-language": language });
      await page.goto(`/ks-pay/apps/${app}/destinations/new?mode=test`);
      await page.getByLabel(said.name, { exact: true }).fill("Shop backend");
      await page.getByLabel("URL", { exact: true }).fill(shop.url);
      await send(page, said.add);
      const own = new URL(page.url()).pathname;
      await page.goto(`${own}/headers`);
      await page.getByLabel(said.name, { exact: true }).fill("Cookie");
      await page.getByLabel(said.value, { exact: true }).fill("Bearer of-the-shop");
      await send(page, said.save);
      await page.locator("#name-error[data-reason=reserved]").waitFor();
      assert.equal(await page.getByLabel(said.value, { exact: true }).inputValue(), "", "a value is not filled in again");
      await page.getByLabel(said.name, { exact: true }).fill("Authorization");
      await page.getByLabel(said.value, { exact: true }).fill("Bearer of-the-shop");
      await send(page, said.save);
      await page.getByTestId("header").waitFor();
      await page.goto(`${own}/replays`);
      await page.getByLabel(said.every).check();
      await send(page, said.count);
      assert.match(await page.getByTestId("replay-count").innerText(), /^\d+ /);
      assert.equal(shop.received.length, 0, "nothing is sent before it is confirmed");
      await send(page, said.replay);
      await until(page, own, "last-replay");
      await until(page, own, "state-delivered");
      assert.ok(shop.received.length > 0 && shop.received.every((headers) => headers.authorization === "Bearer of-the-shop"));
      assert.ok(!(await page.content()).includes("of-the-shop"));
    });
  });
}
