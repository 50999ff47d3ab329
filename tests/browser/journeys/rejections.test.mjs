// A failing webhook shows its cause where the merchant looks, and rejected requests are not lost.
import assert from "node:assert/strict";

import { open, stays } from "../support/browser.mjs";
import { captured, post, refused } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { evidence, follow, leading, reloadUntil, send, shown, signIn, step } from "../support/steps.mjs";
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
  const says = (page, ...wanted) => shown(evidence(page), ...wanted).waitFor();

  it("say on the wizard's page, without a reload, which SECRET was pasted, and how to mend it", async (t) => {
    const { page, test, live } = await shop(t, "Neem Tree Shop");
    await stays(page, async () => {
      await refused({ url: test.url, secret: live.secret }, captured("pay_Refused0000001"), "evt_Refused0000001");
      await says(page, "cause-other-mode");
      await says(page, "evidence-not-verified-yet", "(Razorpay, Live mode)");
      await refused({ url: test.url, secret: `${test.secret}\n` }, captured("pay_Refused0000001"), "evt_Refused0000001");
      await says(page, "cause-secret-with-line-end");
      await post(test, captured("pay_Refused0000001"), "evt_Refused0000001");
      await says(page, "evidence-verified", "payment.captured");
      await shown(step(page, "Webhook"), "state-verified").waitFor();
    });
  });

  it("come in, and the gateway's retries with them, once the SECRET they were signed with is accepted", async (t) => {
    const { page, app, test } = await shop(t, "Neem Tree Corner");
    const pasted = { url: test.url, secret: `${test.secret} ` };
    await stays(page, async () => {
      for (const n of [1, 2, 3]) await refused(pasted, captured(`pay_Pasted0000000${n}`), `evt_Pasted0000000${n}`);
      await says(page, "cause-secret-with-space");
    });
    await follow(page, "recover them with the secret they were signed with");
    await reloadUntil(page, "rejection-count", "3 ");
    await shown(page, "attempts-once-adopted").waitFor();
    await send(page, "Add secret");
    await shown(page, "requests-verify", "3 of 3").waitFor();
    await send(page, "Recover these 3 requests");
    await shown(page, "flash", "3 ").waitFor();
    await post(pasted, captured("pay_Pasted00000004"), "evt_Pasted00000004");
    await page.goto(`/ks-pay/apps/${app}/transactions?mode=test`);
    assert.equal(await page.locator("main tbody th[scope=row]").count(), 4);
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
      await leading(page, () => shown(page, "cause-disabled").click());
      await shown(page, "enable-first").waitFor();
      assert.equal(await page.getByRole("button", { name: /^Recover/ }).count(), 0);
      const rejection = page.url();

      await page.goto(gateways);
      await page.getByRole("button", { name: /^Enable\s+Razorpay.*Test/ }).click();
      await page.waitForLoadState();
      await page.goto(rejection);
      await shown(page, "requests-verify", "2 of 2").waitFor();
      await send(page, "Recover these 2 requests");
      await shown(page, "flash", "2 ").waitFor();
      await shown(page, "nothing-left-to-recover").waitFor();

      await page.goto(`/ks-pay/apps/${app}/events?mode=test`);
      assert.equal(await page.locator("main tbody tr").count(), 2);
      await page.locator("main tbody th a").first().click();
      await shown(page, "recovered-by", at.owner.name).waitFor();
      await page.goto(`/ks-pay/apps/${app}?mode=test`);
      await shown(page, "rejected-in-all", "2 ").waitFor();
    });
  }
});
