// A failing webhook shows its cause where the merchant looks, and rejected requests are not lost.
import assert from "node:assert/strict";

import { open, stays } from "../support/browser.mjs";
import { captured, post, refused } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { evidence, follow, send, signIn, step } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

describe("refused requests", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  /** Creates a new app in both modes, signed in at its Webhook step. */
  async function shop(t, name, options) {
    const { installation, owner } = at;
    const app = await installation.addApp(owner.company, name);
    const test = await installation.connect(app);
    const live = await installation.connect(app, "razorpay", "live");
    const page = await open(t, at, options);
    const gateways = `/ks-pay/apps/${app}/settings/payment-gateways`;
    await signIn(page, owner, `${gateways}/razorpay/test/webhook`);
    return { page, app, test, live, gateways };
  }
  const says = (page, name) => evidence(page).getByRole("heading", { name }).waitFor();

  it("say on the wizard's page, without a reload, which SECRET was pasted, and how to mend it", async (t) => {
    const { page, test, live } = await shop(t, "Neem Tree Shop");
    await stays(page, async () => {
      await refused({ url: test.url, secret: live.secret }, captured("pay_Refused0000001"), "evt_Refused0000001");
      await says(page, /^Not verified yet: signed with the secret of the other mode \(Razorpay, Live mode\)$/);
      await evidence(page).getByText("First check in Razorpay’s Dashboard which webhook has this URL").waitFor();
      await refused({ url: test.url, secret: `${test.secret}\n` }, captured("pay_Refused0000001"), "evt_Refused0000001");
      await says(page, /^Not verified yet: signed with this webhook’s secret, but it was pasted with a line break$/);
      await post(test, captured("pay_Refused0000001"), "evt_Refused0000001");
      await says(page, /^Received payment\.captured, verified/);
      await step(page, "Webhook").getByText("Verified").waitFor();
    });
  });

  it("come in, and the gateway's retries with them, once the SECRET they were signed with is accepted", async (t) => {
    const { page, app, test } = await shop(t, "Neem Tree Corner");
    const pasted = { url: test.url, secret: `${test.secret} ` };
    await stays(page, async () => {
      for (const n of [1, 2, 3]) await refused(pasted, captured(`pay_Pasted0000000${n}`), `evt_Pasted0000000${n}`);
      await says(page, /^Not verified yet: signed with this webhook’s secret, but it was pasted with a space$/);
    });
    await follow(page, "See the rejected request");
    for (let tries = 0; tries < 50 && await page.getByText("Rejected 3 times").count() === 0; tries += 1) await page.reload();
    await page.getByText("not signed with a secret that KS Pay accepts").waitFor();
    await send(page, "Accept that SECRET too");
    await page.getByText("3 of 3 stored requests verify now.").waitFor();
    await send(page, "Recover these 3 requests");
    await page.getByText("3 events recovered").waitFor();
    await post(pasted, captured("pay_Pasted00000004"), "evt_Pasted00000004");
    await page.goto(`/ks-pay/apps/${app}/transactions?mode=test`);
    assert.equal(await page.locator("main tbody tr").count(), 4);
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`can be recovered once the cause is mended, with scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const { page, app, test, gateways } = await shop(t, `Neem Tree Stall ${javaScriptEnabled}`, { javaScriptEnabled });
      await page.goto(gateways);
      await page.getByRole("button", { name: /^Disable\s+Razorpay.*Test/ }).click();
      await page.getByRole("heading", { name: /^Disable Razorpay/ }).waitFor();
      await send(page, "Disable");
      for (const n of [1, 2]) await refused(test, captured(`pay_Meanwhile00000${n}`), `evt_Meanwhile00000${n}`);
      await page.goto(`/ks-pay/apps/${app}/rejections?mode=test`);
      for (let tries = 0; tries < 50 && await page.getByText("2 times").count() === 0; tries += 1) await page.reload();
      await follow(page, "It arrived while this webhook was disabled");
      await page.getByText("Enable the app and its gateway first.").waitFor();
      assert.equal(await page.getByRole("button", { name: /^Recover/ }).count(), 0);
      const rejection = page.url();

      await page.goto(gateways);
      await page.getByRole("button", { name: /^Enable\s+Razorpay.*Test/ }).click();
      await page.waitForLoadState();
      await page.goto(rejection);
      await page.getByText("2 of 2 stored requests verify now.").waitFor();
      await send(page, "Recover these 2 requests");
      await page.getByText("2 events recovered").waitFor();
      await page.getByText("Nothing is left to recover").waitFor();

      await page.goto(`/ks-pay/apps/${app}/events?mode=test`);
      assert.equal(await page.locator("main tbody tr").count(), 2);
      await page.locator("main tbody a.row-link").first().click();
      await page.getByText(`recovered by ${at.owner.name}`).waitFor();
      await page.goto(`/ks-pay/apps/${app}?mode=test`);
      await page.getByText("2 requests rejected in the last 15 days, for any reason").waitFor();
    });
  }
});
