// Amounts, tables and names at every width that people have: nothing is squeezed, nothing covers anything else.
import assert from "node:assert/strict";

import { assertNoSidewaysScroll } from "../support/accessibility.mjs";
import { PHONE, open } from "../support/browser.mjs";
import { brokenAmounts, spilledCells } from "../support/boxes.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { captured, event, post, refused } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";
import { proven } from "../support/webhook_pages.mjs";

const CRORE = 1_000_000_000;
const WIDTHS = [320, 360, 480, 768, 1000, 1024, 1100, 1280, 1366, 1440];
const LONG = "The Grand Umbrella, Gumboot, Raincoat and General Monsoon Outfitting Emporium of Upper Chhatarpalli";
const EMAIL = "accounts.receivable@grand-umbrella-emporium.example";

describe("at every width", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  async function shop(t, name, email) {
    const { installation, owner } = at;
    const app = await installation.addApp(owner.company, name, email);
    const connection = await installation.connect(app);
    const page = await open(t, at);
    const own = `/ks-pay/apps/${app}`;
    await signIn(page, owner, own);
    return { page, app, connection, own };
  }

  async function assertAmountsWhole(page, name) {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await page.evaluate(brokenAmounts), [], `${name} at ${width} px`);
      await assertNoSidewaysScroll(page, `${name} at ${width} px`);
    }
  }

  it("an amount is one line, however long its label is", async (t) => {
    const { page, connection, own } = await shop(t, "Neem Tree Shop");
    await post(connection, captured("pay_Widths00000001", { amount: 15 * CRORE }), "evt_Widths00000001");
    const now = Math.floor(Date.now() / 1000);
    const lost = { id: "disp_Widths0000001", payment_id: "pay_Widths00000001", amount: 10_000, currency: "USD",
      amount_deducted: 10_000, status: "lost" };
    await post(connection, event("payment.dispute.lost", { dispute: { entity: lost } }, now + 1), "evt_Widths00000002");
    await page.goto(`${own}/transactions?mode=test`);
    await page.locator("main tbody a").first().click();
    const labels = page.locator("dl.ledger dt");
    await labels.first().waitFor();
    // Longer than any label today, as a translation may be.
    await labels.evaluateAll((all) => all.forEach((label) => { label.textContent = `${label.textContent}, before fees and disputes in other currencies`; }));
    await assertAmountsWhole(page, "transaction");
  });

  it("sums of hundreds of crores fit the overview", async (t) => {
    const { page, connection, own } = await shop(t, "Neem Tree Wholesale");
    for (const n of [1, 2]) await post(connection, captured(`pay_Crores0000000${n}`, { amount: 199 * CRORE }), `evt_Crores0000000${n}`);
    await page.goto(`${own}?mode=test`);
    await page.getByTestId("received-today").waitFor();
    await assertAmountsWhole(page, "overview");
  });

  it("the list of apps keeps each cell to itself, and breaks an e-mail address only between its parts", async (t) => {
    const { page, connection } = await shop(t, LONG, EMAIL);
    await post(connection, captured("pay_Failing0000001"), "evt_Failing0000001");
    await refused({ ...connection, secret: `${connection.secret} ` }, captured("pay_Failing0000002"), "evt_Failing0000002");
    await proven(at.installation, "test");
    await assertCellsWhole(page);
  });

  it("the list of apps holds the long names of two gateways that both fail", async (t) => {
    const { page, app, connection } = await shop(t, "Neem Tree Bazaar");
    const sender = await at.installation.connect(app, "standard-webhooks");
    await simulate(sender.url, sender.secret, ["--gateway", "standard-webhooks"]);
    await simulate(sender.url, `whsec_${Buffer.from("another secret of 24 bytes").toString("base64")}`, ["--gateway", "standard-webhooks"]);
    await post(connection, captured("pay_Failing0000003"), "evt_Failing0000003");
    await refused({ ...connection, secret: `${connection.secret} ` }, captured("pay_Failing0000004"), "evt_Failing0000004");
    await proven(at.installation, "test");
    await assertCellsWhole(page);
    await page.getByText("Standard Webhooks Test").waitFor();
  });

  async function assertCellsWhole(page) {
    await page.goto("/ks-pay");
    await page.locator("main").getByTestId("state-failing").first().waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await page.evaluate(spilledCells), [], `cells at ${width} px`);
      await assertNoSidewaysScroll(page, `apps at ${width} px`);
    }
  }

  it("the state of a webhook comes first, with Mark as done, and the name of an app in Devanagari has the height it needs", async (t) => {
    const { page, connection, own } = await shop(t, "श्री लक्ष्मीनारायण हस्तशिल्प एवं ग्रामोद्योग");
    const webhook = `${own}/settings/payment-gateways/razorpay/test/webhook`;
    await page.setViewportSize(PHONE);
    await page.goto(webhook);
    const top = async (selector) => (await page.locator(selector).first().boundingBox()).y;
    const mark = page.getByRole("button", { name: "Mark as done" });
    const markTop = async () => (await mark.boundingBox()).y;
    assert.ok(await top("#evidence-panel") < await top("#webhook-url") && await markTop() < PHONE.height, "the state comes first, with its action");
    await page.setViewportSize({ width: 1280, height: 900 });
    assert.ok(await markTop() < 900 && await top("#webhook-url") < 900, "on a desktop with the URL");
    console.log(`# Mark as done at y ${Math.round(await markTop())} of 900`);
    await page.setViewportSize(PHONE);
    console.log(`# Mark as done at y ${Math.round(await markTop())} of ${PHONE.height}`);
    await post(connection, captured("pay_Phone0000000001"), "evt_Phone0000000001");
    await refused({ ...connection, secret: `${connection.secret} ` }, captured("pay_Phone0000000002"), "evt_Phone0000000002");
    await page.getByTestId("failing-since").waitFor();
    assert.ok(await top("#evidence-panel") < await top("#webhook-url"), "the cause comes first while it fails");
    const leading = await page.locator(".switcher summary").evaluate((name) => {
      const { fontSize, lineHeight } = getComputedStyle(name);
      return parseFloat(lineHeight) / parseFloat(fontSize);
    });
    assert.ok(leading >= 1.35, `lines are ${leading} times as high as letters`);
  });
});
