// A webhook that stopped working, as the merchant sees it, and the URL check that names the obstacle.
import assert from "node:assert/strict";
import { createServer } from "node:http";

import { violations } from "../support/accessibility.mjs";
import { open } from "../support/browser.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { captured, refused } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { evidence, leading, send, shown, signIn, step } from "../support/steps.mjs";
import { after, before, describe, it } from "../support/test.mjs";
import { failingFor, proven, silentFor } from "../support/webhook_pages.mjs";

const HOUR = 3_600_000;
const webhook = (app, mode = "test") => `/ks-pay/apps/${app}/settings/payment-gateways/razorpay/${mode}/webhook`;

describe("Check my URL", () => {
  // A proxy in front of the console, with configurable behaviour.
  let proxy, manner;
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); }, proxied());

  function proxied() {
    const environment = {};
    before(async () => {
      proxy = createServer((request, response) => manner(request, response));
      await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      environment.KS_PAY_PUBLIC_URL = `http://127.0.0.1:${proxy.address().port}`;
    });
    after(() => { proxy.closeAllConnections(); proxy.close(); });
    return environment;
  }

  async function pass(request, response, change) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host, connection, "content-length": length, ...headers } = request.headers;
    const answer = await fetch(`${at.installation.url}${request.url}`,
      { method: "POST", headers, body: change(Buffer.concat(chunks)), redirect: "manual" });
    response.writeHead(answer.status, [...answer.headers].flat()).end();
  }
  const report = (page) => page.getByRole("region", { name: "Check that this URL can be reached" });

  for (const javaScriptEnabled of [true, false]) {
    it(`tells what stands in the way, then that the way is free, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const { installation, owner } = at;
      const app = await installation.addApp(owner.company, `Shop ${javaScriptEnabled ? "on" : "off"}`);
      await installation.connect(app);
      const page = await open(t, at, { javaScriptEnabled });
      await signIn(page, owner, webhook(app));

      manner = (request, response) => response.writeHead(301, { location: "https://www.neemtree.example/" }).end();
      await send(page, "Check my URL");
      await shown(report(page), "finding-redirect", "https://www.neemtree.example/").waitFor();
      manner = (request, response) => pass(request, response, (body) => JSON.stringify(JSON.parse(body)));
      await send(page, "Check my URL");
      await shown(report(page), "finding-body-changed").waitFor();
      manner = (request, response) => pass(request, response, (body) => body);
      await send(page, "Check my URL");
      await shown(report(page), "finding-body").waitFor();
      await shown(report(page), "finding-objection", "127.0.0.1").waitFor();
      await shown(evidence(page), "evidence-waiting").waitFor();
      await shown(step(page, "Webhook"), "state-not-started").waitFor();
      if (javaScriptEnabled) assert.deepEqual(await violations(page), []);
    });
  }
});

describe("a webhook that works no more", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  it("stands first wherever webhooks are listed, with the gateway's countdown or its own habit", async (t) => {
    const { installation, owner } = at;
    const apps = {};
    for (const name of ["Good Shop", "Silent Shop", "Failing Shop", "New Shop"]) {
      apps[name] = await installation.addApp(owner.company, name);
      if (name === "New Shop") continue;
      const { url, secret } = await installation.connect(apps[name], "razorpay", name === "Silent Shop" ? "live" : "test");
      await simulate(url, secret);
      if (name === "Failing Shop") {
        await refused({ url, secret: `${secret} ` }, captured("pay_Failing0000001"), "evt_Failing0000001");
        await proven(installation, "test");
      }
    }
    await silentFor(installation, "live", 9 * HOUR);
    await failingFor(installation, "test", 320 * 60_000);

    const page = await open(t, at);
    await signIn(page, owner, "/");
    const needs = page.getByRole("region", { name: "Needs your attention" }).getByRole("listitem");
    assert.equal(await needs.count(), 2);
    await shown(needs.nth(0), "trouble-failing", /Failing Shop.*1 Test/).waitFor();
    await shown(needs.nth(0), "countdown", /18\sh\s(39|40)\smin/).waitFor();
    await shown(needs.nth(1), "trouble-silent", /Silent Shop.*Live.*9\sh.*20\smin/).waitFor();

    await page.goto("/ks-pay");
    const rows = page.getByRole("table", { name: "Registered apps" }).getByRole("row");
    assert.match(await rows.nth(1).innerText(), /Failing Shop/);
    await shown(rows.nth(1), "state-failing").waitFor();
    await shown(rows.nth(1), "countdown", /18\sh/).waitFor();
    assert.match(await rows.nth(2).innerText(), /Silent Shop/);
    await shown(rows.nth(2), "state-silent", /9\sh/).waitFor();
    await shown(rows.nth(2), "usual-traffic", /20\smin/).waitFor();

    await leading(page, () => page.getByRole("link", { name: "See the cause" }).first().click());
    await shown(evidence(page), "countdown", /18\sh/).waitFor();
    await page.goto(webhook(apps["Silent Shop"], "live"));
    await shown(evidence(page), "evidence-silent", /9\sh/).waitFor();
    await shown(step(page, "Webhook"), "state-silent").waitFor();
    assert.deepEqual(await violations(page), []);
  });
});
