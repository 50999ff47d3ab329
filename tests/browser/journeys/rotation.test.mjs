// Secret rotation, on the day the new secret is entered and a day later: nothing is rejected meanwhile, and the page lists the
// remaining steps.
import assert from "node:assert/strict";

import { copied, open, recordDocument, stays } from "../support/browser.mjs";
import { change } from "../support/database.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { site } from "../support/site.mjs";
import { follow, leading, send, shown, signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

const OWN = "kq8Zt2mVx0Lw9Rb4-of-their-shop";
const TO_PASTE = "rotation-pending";
const DAY = 86_400_000;

/** Creates a connected webhook that has received one event, with its page open as the owner. */
async function connected(page, at) {
  const owner = await at.installation.addOwner();
  const app = await at.installation.addApp(owner.company);
  const connection = await at.installation.connect(app);
  assert.equal((await simulate(connection.url, connection.secret)).code, 0);
  const webhook = `/ks-pay/apps/${app}/settings/payment-gateways/razorpay/test/webhook`;
  await signIn(page, owner, webhook);
  return { ...connection, owner, webhook };
}

const list = (page) => page.getByRole("region", { name: "Valid secrets" });
const rows = (page, state) => list(page).getByRole("listitem").filter({ has: page.getByTestId(`state-${state}`) });
const taken = async ({ url }, secret) => (await simulate(url, secret)).answers["200"] === 1;

describe("a new SECRET", () => {
  const at = site();

  it("is pasted while both count, and the one before is retired", async (t) => {
    const page = await open(t, at, { permissions: ["clipboard-read", "clipboard-write"] });
    const connection = await connected(page, at);
    await follow(page, "Manage secrets");
    await follow(page, "New secret");
    await page.getByRole("heading", { name: "What happens next" }).waitFor();
    assert.ok(await page.getByLabel("24 hours").isChecked(), "the usual time is chosen");
    await page.getByLabel("15 days").check();
    await send(page, "Create new secret");
    await page.locator(".flash.is-good").waitFor();
    await page.getByTestId(TO_PASTE).waitFor();

    const seen = await recordDocument(page);
    const secret = await copied(page, page.getByRole("group", { name: "SECRET" }).getByRole("button", { name: "Copy" }), "SECRET copied");
    assert.match(secret, /^[0-9A-Za-z]{44}$/);
    assert.notEqual(secret, connection.secret);
    assert.ok(!(await seen()).includes(secret), "Copy put the SECRET into the page");

    await stays(page, async () => {
      assert.ok(await taken(connection, connection.secret), "the one before counts");
      await page.getByTestId(TO_PASTE).waitFor();
      assert.ok(await taken(connection, secret), "the new one counts");
      await page.getByTestId(TO_PASTE).waitFor({ state: "detached" });
    });
    await follow(page, "Manage 2 valid secrets");
    await rows(page, "generated").getByText("by the command line").waitFor();
    await rows(page, "active").getByText(`by ${connection.owner.name}`).waitFor();
    await shown(rows(page, "active"), "secret-used").waitFor();

    await rows(page, "generated").getByRole("link", { name: /^Retire now/ }).click();
    await page.getByRole("heading", { name: /^Retire the secret of / }).waitFor();
    await shown(page, "secret-in-use").waitFor();
    await follow(page, "Keep it");
    await leading(page, () => rows(page, "generated").getByRole("link", { name: /^Retire now/ }).click());
    await send(page, "Retire it now");
    await page.locator(".flash.is-good").waitFor();
    assert.equal(await taken(connection, connection.secret), false, "what was retired is refused");
    assert.ok(await taken(connection, secret));
  });
});

describe("a new SECRET, with scripts off", () => {
  const at = site();

  it("is made, revealed, and the one before retired once it was unused for a day", async (t) => {
    const page = await open(t, at, { javaScriptEnabled: false });
    const connection = await connected(page, at);
    await follow(page, "Manage secrets");
    await follow(page, "New secret");
    await send(page, "Create new secret");
    await page.getByTestId(TO_PASTE).waitFor();
    await send(page, "Reveal secret");
    const secret = await page.locator("#secret").inputValue();
    assert.notEqual(secret, connection.secret);
    assert.ok(await taken(connection, connection.secret) && await taken(connection, secret));

    // Two days later.
    await change(at.installation, `UPDATE secret_usage SET first_verified_at = first_verified_at - ${2 * DAY}`);
    await change(at.installation, `UPDATE secret_usage SET last_verified_at = last_verified_at - ${2 * DAY}
      WHERE secret_id IN (SELECT id FROM secrets WHERE state = 'additional')`);
    await page.goto(`${connection.webhook}/secrets`);
    await shown(list(page), "safe-to-retire", /48\sh/).waitFor();
    await leading(page, () => rows(page, "generated").getByRole("link", { name: /^Retire now/ }).click());
    await send(page, "Retire it now");
    await page.locator("#ended-secrets summary").click();
    await page.locator("#ended-secrets li").filter({ hasText: connection.owner.name }).waitFor();
    assert.equal(await taken(connection, connection.secret), false);
  });

  it("stands beside one's own", async (t) => {
    const page = await open(t, at, { javaScriptEnabled: false });
    const app = await at.installation.addApp("Neem Tree Crafts", "Neem Tree Stall");
    const connection = await at.installation.connect(app);
    const password = "four unrelated quiet words";
    await signIn(page, { email: "meera@neemtree.example", password }, `/ks-pay/apps/${app}/settings/payment-gateways/razorpay/test/webhook`);
    await follow(page, "Manage secrets");
    await page.getByRole("heading", { name: "Use an existing secret" }).waitFor();
    const enter = async (secret) => {
      await page.getByLabel("SECRET", { exact: true }).fill(secret);
      await send(page, "Add secret");
    };
    await enter("razorpay-secret-123");
    await page.locator("#secret-error").waitFor();
    assert.equal(await page.getByLabel("SECRET", { exact: true }).inputValue(), "", "what was typed is not kept");
    assert.equal(await taken(connection, OWN), false);
    await enter(` ${OWN} `);
    await page.locator(".flash.is-good").waitFor();
    await shown(rows(page, "imported"), "valid-until-retired").waitFor();
    assert.ok(await taken(connection, OWN) && await taken(connection, connection.secret));
    await send(page, "Reveal secret");
    assert.equal(await page.locator("#secret").inputValue(), connection.secret);
    assert.ok(!(await page.content()).includes(OWN));
  });
});
