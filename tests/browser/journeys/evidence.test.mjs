// Webhook step while requests arrive, are rejected, and arrive again; its stream never delays the server's shutdown.
import assert from "node:assert/strict";

import { NO_SERVER, open, stays } from "../support/browser.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { captured, refused } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { evidence, reloadUntil, shown, signIn, step } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

describe("the evidence of a webhook", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  /** Creates a new app and opens its Webhook step, signed in. */
  async function webhook(t, options, tolerated) {
    const { installation, owner } = at;
    const app = await installation.addApp(owner.company, `Shop of test ${t.name.length} ${t.name.slice(0, 30)}`);
    const connection = await installation.connect(app);
    const page = await open(t, at, options, tolerated);
    await signIn(page, owner, `/ks-pay/apps/${app}/settings/payment-gateways/razorpay/test/webhook`);
    return { page, ...connection };
  }
  const says = (page, ...wanted) => shown(evidence(page), ...wanted).waitFor();

  it("says why a request was refused, and is content with the next good one, without a reload", async (t) => {
    const { page, url, secret } = await webhook(t);
    await stays(page, async () => {
      await simulate(url, "another secret than this one");
      await says(page, "evidence-only-rejected", " 1 ");
      await shown(step(page, "Webhook"), "state-not-started").waitFor();
      assert.equal((await fetch(url, { method: "POST", body: "{}" })).status, 401);
      await says(page, "evidence-only-rejected", " 2 ");

      await simulate(url, secret);
      await says(page, "evidence-verified", "payment.captured");
      await refused({ url, secret: `${secret} ` }, captured("pay_Slip00000000001"), "evt_Slip0000000001");
      await says(page, "cause-secret-with-space");
      await says(page, "failing-since");
      await shown(step(page, "Webhook"), "state-failing").waitFor();
      await shown(page, "step-failing").waitFor();

      await simulate(url, secret);
      await says(page, "evidence-verified", "payment.captured");
      await shown(step(page, "Webhook"), "state-verified").waitFor();
      await shown(page, "step-proven").waitFor();
      assert.equal(await evidence(page).getByTestId("failing-since").count(), 0);
      assert.match(await evidence(page).getByTestId("rejected-count").innerText(), /^3,/, "what was rejected stays in sight");
    });
  });

  it("says the same with scripts off, after a reload", async (t) => {
    const { page, url, secret } = await webhook(t, { javaScriptEnabled: false });
    await simulate(url, "another secret than this one");
    // A rejection is stored after the response, so the page may be requested too early.
    await reloadUntil(page, "evidence-only-rejected", " 1 ");
    await simulate(url, secret);
    await reloadUntil(page, "evidence-verified", "payment.captured");
  });

  it("keeps an open Reveal and the reader's focus while the evidence changes", async (t) => {
    const { page, url, secret } = await webhook(t);
    await page.getByRole("button", { name: "Reveal" }).click();
    await page.locator("#secret").focus();
    await simulate(url, secret);
    await says(page, "evidence-verified");
    assert.equal(await page.locator("#secret").inputValue(), secret);
    assert.ok(await page.locator("#secret").evaluate((field) => field === document.activeElement));
  });

  it("does not hold a server that is to stop, and goes on by itself when there is one again", async (t) => {
    const { page, url, secret } = await webhook(t, {}, NO_SERVER);
    await stays(page, async () => {
      await simulate(url, secret);
      await says(page, "evidence-verified");
      assert.equal(await at.installation.stop(), 0, "the server ends although a stream is open");
      await at.installation.serve();
      await simulate(url, secret, ["--event", "refund.created"]);
      await says(page, "evidence-verified", "refund.created");
    });
  });
});
