// Navigation: the selected mode is preserved, and every link and button leads to a page with a possible action.
import assert from "node:assert/strict";

import { NO_SERVER, PHONE, open } from "../support/browser.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { captured, refused } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { evidence, follow, leading, reloadUntil, send, shown, signIn, step, toPaymentGatewaySettings } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

const mode = (page) => page.getByRole("navigation", { name: "Mode" });
const current = (page, name) => mode(page).locator("[aria-current=true]", { hasText: name }).waitFor();
const choose = (page, name) => leading(page, () => mode(page).getByRole("link", { name }).click());

/** Sends two requests signed with the connection's own secret and a trailing space. */
async function fail({ url, secret }) {
  for (const n of [1, 2]) await refused({ url, secret: `${secret} ` }, captured(`pay_Flow000000000${n}`), `evt_Flow000000000${n}`);
}

describe("the mode", () => {
  const at = site(async (at) => {
    at.owner = await at.installation.addOwner();
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`stays as chosen through Settings and for each app, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const [one, other] = ["Shop", "Stall"].map((name) => `${name} ${javaScriptEnabled}`);
      const apps = [];
      for (const name of [one, other]) {
        const app = await at.installation.addApp(at.owner.company, name);
        await at.installation.connect(app, "razorpay", "test");
        const live = await at.installation.connect(app, "razorpay", "live");
        await simulate(live.url, live.secret);
        apps.push(`/ks-pay/apps/${app}`);
      }
      const page = await open(t, at, { javaScriptEnabled });
      await signIn(page, at.owner, apps[0]);
      await current(page, "Live");
      await choose(page, "Test");
      await current(page, "Test");
      await toPaymentGatewaySettings(page, one);
      const menu = (name, link) => leading(page, () => page.getByRole("navigation", { name }).getByRole("link", { name: link, exact: true }).click());
      for (const link of ["Events", "Transactions", "Rejections", "Overview"]) {
        await menu(one, link);
        await current(page, "Test");
      }
      await page.goto("/ks-pay");
      await follow(page, other);
      await current(page, "Live");
      await page.goto("/ks-pay");
      await follow(page, one);
      await current(page, "Test");
    });
  }

  it("that is the only connected one is shown, and trouble in the other is one line that leads to its cause", async (t) => {
    const app = await at.installation.addApp(at.owner.company, "Live Only");
    const own = `/ks-pay/apps/${app}`;
    const live = await at.installation.connect(app, "razorpay", "live");
    assert.deepEqual((await simulate(live.url, live.secret)).answers, { 200: 1 });
    const page = await open(t, at);
    await signIn(page, at.owner, own);
    await current(page, "Live");
    assert.equal(await page.getByTestId("no-gateway").count(), 0);

    await fail(live);
    await page.goto(`${own}/transactions?mode=test`);
    await reloadUntil(page, "other-mode", "Razorpay");
    await follow(page, "See the cause");
    await shown(evidence(page), "cause-secret-with-space").waitFor();
    await current(page, "Live");
  });
});

describe("what leads on", () => {
  const at = site(async (at) => {
    at.owner = await at.installation.addOwner();
  });

  it("is Webhook after Add Gateway and Open, and the evidence after See the cause, in sight on a phone", async (t) => {
    const app = await at.installation.addApp(at.owner.company, "Neem Tree Cart");
    const gateways = `/ks-pay/apps/${app}/settings/payment-gateways`;
    const page = await open(t, at, { viewport: PHONE }, NO_SERVER);
    await signIn(page, at.owner, gateways);
    await page.getByLabel("Live: real payments").check();
    await send(page, "Add Gateway");
    await shown(page, "flash", "Razorpay").waitFor();
    await page.getByRole("heading", { name: "Copy the URL and secret" }).waitFor();
    const url = await page.locator("#webhook-url").inputValue();
    await send(page, "Reveal secret");
    const secret = await page.locator("#secret").inputValue();
    await page.goto(gateways);
    await follow(page, "Open");
    await page.waitForURL(/\/webhook$/);
    assert.deepEqual((await simulate(url, secret)).answers, { 200: 1 });
    await page.goto(gateways);
    await follow(page, "Open");
    await page.waitForURL(/\/credentials$/);

    await fail({ url, secret });
    await page.goto("/");
    for (let tries = 0; tries < 100 && await page.getByRole("link", { name: /^See the cause/ }).count() === 0; tries += 1) await page.reload();
    await leading(page, () => page.getByRole("link", { name: /^See the cause/ }).click());
    const cause = shown(evidence(page), "evidence-failing").getByRole("heading");
    await cause.waitFor();
    const { y } = await cause.boundingBox();
    assert.ok(y >= 0 && y < PHONE.height, `the cause is in sight: ${y}`);
    await page.goto(gateways);
    await follow(page, "Open");
    await step(page, "Webhook").and(page.locator("[aria-current=step]")).waitFor();
  });

  it("is the button that enables what is off, which comes back to the same page", async (t) => {
    const app = await at.installation.addApp(at.owner.company, "Neem Tree Stall");
    const { url, secret } = await at.installation.connect(app);
    await simulate(url, secret);
    const own = `/ks-pay/apps/${app}`;
    const page = await open(t, at);
    await signIn(page, at.owner, `${own}/settings/payment-gateways`);
    for (const path of ["/", "/ks-pay", own, `${own}/events`, `${own}/settings/payment-gateways/razorpay/test/webhook`]) {
      await page.goto(`${own}/settings/payment-gateways`);
      await leading(page, () => page.getByRole("button", { name: /^Disable\s+Razorpay/ }).click());
      await send(page, "Disable");
      await page.goto(path);
      await page.getByTestId(/^(state-off|connection-off|evidence-connection-off|trouble-connection-off)$/).first().waitFor();
      await leading(page, () => page.getByRole("button", { name: /^Enable\b/ }).first().click());
      await page.waitForURL((to) => to.pathname === path);
      await shown(page, "flash", "Razorpay").waitFor();
      assert.equal(await page.getByRole("button", { name: /^Enable\b/ }).count(), 0, path);
    }
  });
});
