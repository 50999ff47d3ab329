// Webhook step while requests arrive, are rejected, and arrive again; its stream never delays the server's shutdown.
import assert from "node:assert/strict";

import { NO_SERVER, open, stays } from "../support/browser.mjs";
import { change } from "../support/database.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { captured, refused } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { evidence, follow, reloadUntil, send, shown, signIn, step } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

describe("the evidence of a webhook", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  /** Creates a new app and opens its Webhook step, signed in. */
  async function webhook(t, options, tolerated) {
    const { installation, owner } = at;
    const app = await installation.addApp(owner.company, `Shop of test ${t.name.length} ${t.name.slice(-30)}`);
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

      await simulate(url, secret);
      await says(page, "evidence-verified", "payment.captured");
      await shown(step(page, "Webhook"), "state-verified").waitFor();
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

  it("is read aloud only when something new happened", async (t) => {
    const { page, url, secret } = await webhook(t);
    const news = page.locator("#evidence-news");
    const changes = () => page.evaluate(() => window.changes);
    await page.evaluate(() => {
      window.changes = 0;
      new MutationObserver(() => { window.changes += 1; })
        .observe(document.querySelector("#evidence-news"), { subtree: true, childList: true, characterData: true });
    });
    assert.equal(await news.getAttribute("role"), "status");
    await simulate(url, secret);
    await shown(page, "evidence-news", /payment\.captured.* 1 /).waitFor({ state: "attached" });
    assert.equal(await changes(), 1);
    // A page that is loaded again later has other relative times, and no other news.
    await change(at.installation, "UPDATE activity SET last_verified_at = last_verified_at - 60000, version = version + 1");
    await says(page, "evidence-verified", "1 min ago");
    assert.equal(await changes(), 1, "time that passes is no news");
    await simulate(url, secret);
    await shown(page, "evidence-news", /payment\.captured.* 2 /).waitFor({ state: "attached" });
    assert.equal(await changes(), 2);
    assert.equal(await evidence(page).locator("[role=status] time").count(), 0, "a time within it would be read again and again");
    assert.equal(await page.getByRole("link", { name: "Look again" }).count(), 0, "only without scripts");
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`has focus on the result of Reveal and of Check my URL, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const { page, url, secret } = await webhook(t, { javaScriptEnabled });
      await send(page, "Reveal secret");
      await page.locator("#secret:focus").waitFor();
      await follow(page, "Hide secret");
      await send(page, "Check my URL");
      await page.locator("#check:focus").getByTestId(/^finding-/).first().waitFor();
      // Once the webhook has worked, the check is folded; its result is not.
      await simulate(url, secret);
      await page.goto(page.url().replace("#check", ""));
      await page.locator("#check-fold[open] #check").waitFor();
      await page.locator("#at-gateway:not([open]) > summary").waitFor();
    });
  }

  it("keeps the proof that it worked while it fails", async (t) => {
    const { page, url, secret } = await webhook(t);
    await simulate(url, secret);
    await refused({ url, secret: `${secret} ` }, captured("pay_Worked00000001"), "evt_Worked0000000001");
    await says(page, "worked-until", /Worked until .* 1 event verified since/);
    await says(page, "cause-secret-with-space");
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
