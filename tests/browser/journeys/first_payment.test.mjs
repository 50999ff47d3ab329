// First payment: from a new installation to Mark as done, as a merchant does on their first day.
import assert from "node:assert/strict";

import { NO_SERVER, copied, open, recordDocument, stays } from "../support/browser.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { site } from "../support/site.mjs";
import { addApp, addRazorpay, evidence, follow, leading, send, setUp, shown, step, toPaymentGatewaySettings } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

const PERSON = {
  company: "Neem Tree Crafts", name: "Meera Iyer", email: "meera@neemtree.example", password: "four unrelated quiet words",
};
const APP = { name: "Neem Tree Shop", email: "shop@neemtree.example" };

/** Goes from the printed link to the Webhook step of Razorpay in Test mode. */
async function walkToWebhook(page, installation) {
  await setUp(page, installation.setupLink, PERSON);
  await follow(page, "Applications");
  await follow(page, "Explore KS Pay");
  await page.getByRole("heading", { name: "You have not registered any Application yet" }).waitFor();
  await addApp(page, APP);
  await page.getByRole("navigation", { name: APP.name }).getByRole("link", { name: "Overview", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await toPaymentGatewaySettings(page, APP.name);
  await page.getByRole("heading", { name: "No payment gateway yet" }).waitFor();
  await addRazorpay(page);
  await shown(step(page, "Webhook"), "state-not-started").waitFor();
}

describe("the first payment", () => {
  const at = site();

  it("arrives on the page without a reload, and done stays done after a restart", async (t) => {
    const { installation } = at;
    const page = await open(t, at, { permissions: ["clipboard-read", "clipboard-write"] }, NO_SERVER);
    await walkToWebhook(page, installation);

    const seen = await recordDocument(page);
    const url = await copied(page, page.getByRole("button", { name: "Copy URL" }), "URL copied");
    assert.equal(url, await page.locator("#webhook-url").inputValue());
    const secrets = page.getByRole("group", { name: "SECRET" });
    const secret = await copied(page, secrets.getByRole("button", { name: "Copy" }), "SECRET copied");
    assert.match(secret, /^[0-9A-Za-z]{44}$/);
    assert.ok(!(await seen()).includes(secret), "Copy put the SECRET into the page");
    await shown(secrets, "secret-hidden").waitFor();

    await stays(page, async () => {
      await shown(evidence(page), "evidence-waiting").waitFor();
      assert.deepEqual((await simulate(url, secret)).answers, { 200: 1 });
      await shown(evidence(page), "evidence-verified", "payment.captured").waitFor();
      await evidence(page).locator("#last-events summary").click();
      await evidence(page).getByRole("listitem").first().waitFor();
      await shown(step(page, "Webhook"), "state-verified").waitFor();
    });
    await send(page, "Mark as done");
    await shown(page, "marked-as-done", PERSON.name).waitFor();
    await shown(page, "step-proven").waitFor();

    assert.equal(await installation.stop(), 0, "an open evidence stream does not hold the server");
    await installation.serve();
    await page.reload();
    await shown(page, "marked-as-done", PERSON.name).waitFor();
    await shown(step(page, "Webhook"), "state-verified").waitFor();
    assert.equal(await evidence(page).getByTestId("verified-count").innerText(), "1");
  });
});

describe("the first payment, with scripts off", () => {
  const at = site();

  it("is shown after a reload, with the SECRET from Reveal", async (t) => {
    const page = await open(t, at, { javaScriptEnabled: false });
    await walkToWebhook(page, at.installation);
    assert.deepEqual(await page.locator("button[data-copy]:visible").all(), [], "no button that does nothing");

    const url = await page.locator("#webhook-url").inputValue();
    assert.equal(await page.locator("#secret").count(), 0, "hidden before Reveal");
    const hidden = await page.content();
    await send(page, "Reveal secret");
    await page.locator("#secret:focus").waitFor();
    const secret = await page.locator("#secret").inputValue();
    assert.ok(!hidden.includes(secret), "the SECRET was in the page before Reveal");
    await follow(page, "Hide secret");
    await shown(page, "secret-hidden").waitFor();
    await leading(page, () => page.getByRole("group", { name: "SECRET" }).getByRole("button", { name: "Copy" }).click());
    assert.equal(await page.locator("#secret").inputValue(), secret, "without scripts Copy shows it, to be selected by hand");
    await follow(page, "Hide secret");

    assert.equal((await simulate(url, secret, ["--life-cycle", "paid"])).code, 0);
    await follow(page, "Look again");
    await shown(evidence(page), "evidence-verified").waitFor();
    await shown(step(page, "Webhook"), "state-verified").waitFor();
    await send(page, "Mark as done");
    await shown(page, "marked-as-done", PERSON.name).waitFor();

    await send(page, "Undo");
    await page.getByRole("button", { name: "Mark as done" }).waitFor();
    await shown(step(page, "Webhook"), "state-verified").waitFor();
  });
});
