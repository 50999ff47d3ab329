// Requests from unknown senders raise no alarm and hide nothing; and on a phone every control is visible.
import assert from "node:assert/strict";

import { DESKTOP, PHONE, open } from "../support/browser.mjs";
import { captured, post, refused } from "../support/razorpay.mjs";
import { shoot } from "../support/shots.mjs";
import { site } from "../support/site.mjs";
import { follow, leading, reloadUntil, send, shown, signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

const looks = Boolean(process.env.KS_PAY_SHOTS);
const WAYS = [["desktop", DESKTOP, "light"], ["desktop", DESKTOP, "dark"], ["phone", PHONE, "light"], ["phone", PHONE, "dark"]];

describe("what strangers send", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  async function shop(t, name, options) {
    const { installation, owner } = at;
    const app = await installation.addApp(owner.company, name);
    const test = await installation.connect(app);
    const page = await open(t, at, options);
    const own = `/ks-pay/apps/${app}`;
    await signIn(page, owner, own);
    return { page, test, own, webhook: `${own}/settings/payment-gateways/razorpay/test/webhook` };
  }
  /** Goes to a page, and reloads it until it shows the element. */
  async function until(page, path, ...wanted) {
    await page.goto(path);
    await reloadUntil(page, ...wanted);
  }
  /** Takes pictures of the page in every size and colour scheme. */
  async function look(page, name) {
    if (!looks) return;
    for (const [kind, size, colorScheme] of WAYS) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize(size);
      await shoot(page, `calm-${name}-${kind}-${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await page.setViewportSize(DESKTOP);
  }

  it("turns no text about: what cannot be seen is named, and the joiners of Hindi stay", async (t) => {
    const { page, test, own } = await shop(t, "Neem Tree Shop");
    const note = "pay \u{202e}000,01₹\u{202c} करोड़ र्\u{200d}य \u{200b}";
    const body = captured("pay_Turned00000001", { notes: { note } });
    await refused({ ...test, secret: "somebody else's secret" }, body, "evt_Turned000000001");
    await until(page, `${own}/rejections`, "cause-signature-mismatch");
    await leading(page, () => shown(page, "cause-signature-mismatch").click());
    await shown(page, "invisible-characters").waitFor();
    const named = await page.locator(".unseen").allTextContents();
    assert.deepEqual([...new Set(named)], ["⟨U+202E⟩", "⟨U+202C⟩", "⟨U+200B⟩"]);
    const text = await page.locator("main").innerText();
    assert.ok(text.includes("र्\u{200d}य") && !text.includes("\u{202e}"));
    await look(page, "unseen");
  });

  it("is told in one line while the webhook works, and is no failure: that takes a request that only the merchant can sign", async (t) => {
    const { page, test, own, webhook } = await shop(t, "Neem Tree Stall");
    await post(test, captured("pay_Calm0000000001"), "evt_Calm0000000001");
    const forged = { ...test, secret: "somebody else's secret" };
    await refused(forged, captured("pay_Calm0000000002"), "evt_Calm0000000002");
    await until(page, webhook, "rejected-meanwhile", "1 ");
    assert.equal(await page.getByTestId("state-failing").count(), 0);
    await look(page, "webhook");
    await page.goto("/");
    await shown(page, "all-clear").waitFor();
    await look(page, "dashboard");
    await page.goto(`${own}?mode=test`);
    await look(page, "overview");
    await refused({ ...test, secret: `${test.secret} ` }, captured("pay_Calm0000000003"), "evt_Calm0000000003");
    await until(page, webhook, "state-failing");
  });

  it("leads from what was refused to what became of it, and from a SECRET to what goes with it", async (t) => {
    const { page, test, own, webhook } = await shop(t, "Neem Tree Corner");
    const slip = { ...test, secret: `${test.secret} ` };
    for (const n of [1, 2]) await refused(slip, captured(`pay_Slip000000000${n}`), `evt_Slip000000000${n}`);
    await refused(slip, JSON.stringify({ event: "refund.created" }), "evt_Slip0000000009");
    await until(page, `${own}/rejections`, "cause-secret-with-space");
    for (let tries = 0; tries < 100 && await page.getByText("3 times").count() === 0; tries += 1) await page.reload();
    await page.locator("main tbody th a").click();
    await page.getByText(/^payment\.captured, \d+ bytes$/).first().waitFor();
    const rejection = page.url();
    await send(page, "Add secret");
    await look(page, "rejection-kept");

    await page.goto(`${webhook}/secrets`);
    await page.getByRole("link", { name: /^Retire now/ }).click();
    await shown(page, "lost-with-secret", "3 ").waitFor();
    await shown(page, "active-secret-unproven").waitFor();
    await look(page, "retirement");
    await follow(page, "See what was rejected");
    assert.equal(page.url(), rejection);

    await send(page, "Recover these 3 requests");
    await shown(page, "recovered-events").waitFor();
    await look(page, "rejection-let-in");
    await page.getByTestId("recovered-events").getByRole("link").last().click();
    await page.getByRole("link", { name: "see why" }).click();
    await page.waitForURL(rejection);
    await page.goto(webhook);
    await page.locator("#last-events > summary").click();
    await page.locator(".feed li").first().getByTestId("recovered").waitFor();
    for (const row of await page.locator(".feed li").all()) assert.ok((await row.boundingBox()).height < 40, await row.innerText());
    await page.goto(`${own}/events?mode=test`);
    assert.equal(await page.getByTestId("recovered").count(), 3);
    await look(page, "events");
  });

  it("keeps every tab of the settings in sight on a phone, and Live leads to where a gateway is added", async (t) => {
    const { page, own, webhook } = await shop(t, "Neem Tree Cart", { viewport: PHONE });
    for (const rest of ["settings", "settings/domain", "settings/payment-gateways"]) {
      await page.goto(`${own}/${rest}`);
      for (const name of ["General", "Domain", "Payment Gateway Settings"]) {
        const box = await page.getByRole("navigation", { name: "Settings", exact: true }).getByRole("link", { name, exact: true }).boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= PHONE.width, `${rest}: ${name} is at ${box.x} and ${box.width} wide`);
      }
    }
    await look(page, "tabs");
    await page.setViewportSize(PHONE);
    await page.goto(webhook);
    await page.getByRole("navigation", { name: "Mode" }).getByRole("link", { name: "Live" }).click();
    await page.waitForURL(/payment-gateways\?mode=live#add$/);
    await page.getByRole("radio", { name: "Live: real payments", checked: true }).waitFor();
    await page.goto(`${own}/events?mode=live`);
    await look(page, "events-live");
    await follow(page, "Add a gateway in Live mode");
    await send(page, "Add Gateway");
    await shown(page, "flash", "Razorpay").waitFor();
  });
});
