// The guide to the webhook, sentence by sentence: every label that it names is there, in its order. And the first day of a new
// owner, with every press counted.
import assert from "node:assert/strict";

import { NO_SERVER, copied, open } from "../support/browser.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { site } from "../support/site.mjs";
import { evidence, follow, leading, send, setUp, shown, step } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };
/** From the set-up link to the page that shows Verified and marked, copying included. */
const MAX_PRESSES = 8;
/** Wide enough for every column of the list of apps. */
const WIDE = { width: 1440, height: 900 };
const SCREENS = [{ width: 1280, height: 900 }, { width: 360, height: 780 }];

/** Records every press of a button, a link or a fold on any page from now on. */
async function countPresses(page) {
  const pressed = [];
  await page.exposeBinding("notePress", (_, name) => pressed.push(name));
  await page.addInitScript(() => document.addEventListener("click", (event) => {
    const target = event.isTrusted && event.target.closest("button, a, summary, [role=button]");
    if (target) window.notePress((target.getAttribute("aria-label") ?? target.textContent).trim().replace(/\s+/g, " "));
  }, true));
  return pressed;
}

/** Asserts that texts occur in an element, in that order. */
async function assertInOrder(locator, labels) {
  const text = (await locator.innerText()).replace(/\s+/g, " ");
  let from = 0;
  for (const label of labels) {
    const at = text.indexOf(label, from);
    assert.ok(at >= 0, `“${label}” comes next in: ${text.slice(from)}`);
    from = at + label.length;
  }
}

/** Asserts that Mark as done is in the first screen, and prints where. */
async function assertMarkInSight(page, state) {
  for (const viewport of SCREENS) {
    await page.setViewportSize(viewport);
    await page.evaluate(() => scrollTo(0, 0));
    const { y, height } = await page.getByRole("button", { name: "Mark as done" }).boundingBox();
    console.log(`# ${state}: Mark as done at y ${Math.round(y)} of ${viewport.height}, ${viewport.width} px wide`);
    assert.ok(y >= 0 && y + height <= viewport.height, `${state}: Mark as done is in the first screen of ${viewport.width} px`);
  }
  await page.setViewportSize(SCREENS[0]);
}

describe("the first day", () => {
  const at = site();

  it(`takes at most ${MAX_PRESSES} presses from the set-up link to Verified and marked`, async (t) => {
    const page = await open(t, at, { ...CLIPBOARD, viewport: SCREENS[0] }, NO_SERVER);
    const pressed = await countPresses(page);
    await setUp(page, at.installation.setupLink,
      { company: "Neem Tree Crafts", name: "Meera Iyer", email: "meera@neemtree.example", password: "four unrelated quiet words" });
    await follow(page, "Add App");
    await page.getByLabel("App Name").fill("Neem Tree Shop");
    await page.getByLabel("Email", { exact: true }).fill("shop@neemtree.example");
    await page.getByLabel("Country").selectOption("IN");
    await send(page, "Add App");
    await shown(page, "checklist", "1 of 6").waitFor();
    await follow(page, "Next: Connect a gateway in Test mode");
    await send(page, "Add Gateway");
    await page.getByRole("heading", { name: "Copy the URL and secret" }).waitFor();
    await assertMarkInSight(page, "waiting");
    const last = page.getByRole("list").locator("li").filter({ hasText: "success@razorpay" });
    const { y, height } = await last.boundingBox();
    console.log(`# waiting: the last step at the gateway ends at y ${Math.round(y + height)} of 900`);

    const url = await copied(page, page.getByRole("button", { name: "Copy URL" }), "URL copied");
    const secrets = page.getByRole("group", { name: "SECRET" });
    const secret = await copied(page, secrets.getByRole("button", { name: "Copy" }), "SECRET copied");
    assert.deepEqual((await simulate(url, secret)).answers, { 200: 1 });
    await shown(evidence(page), "evidence-verified").waitFor();
    await assertMarkInSight(page, "verified");
    await send(page, "Mark as done");
    await shown(page, "marked-as-done", "Meera Iyer").waitFor();
    await shown(step(page, "Webhook"), "state-verified").waitFor();

    console.log(`# ${pressed.length} presses: ${pressed.join(" · ")}`);
    assert.ok(pressed.length <= MAX_PRESSES, `${pressed.length} presses: ${pressed.join(", ")}`);

    const bottom = async (selector) => page.locator(selector).evaluate((part) => part.getBoundingClientRect().bottom);
    assert.ok(await bottom("#webhook-url") < 900 && await bottom("#secrets-panel") < 900, "URL and SECRET are in the first screen");
    console.log(`# verified: the instructions fold to a row that ends at y ${Math.round(await bottom("#at-gateway > summary"))} of 900`);
    console.log(`# verified: the page is ${await page.evaluate(() => document.documentElement.scrollHeight)} px high`);
    await page.goto("/");
    await shown(page, "checklist", "4 of 6").waitFor();
    await follow(page, "Next: Connect a gateway in Live mode");
    assert.ok(await page.getByLabel("Live: real payments").isChecked(), "the mode that comes next is chosen");
  });
});

describe("the guide", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  it("leads from sign-in to Mark as done by the labels that it names", async (t) => {
    const { installation, owner } = at;
    const [name, email] = ["Neem Tree Shop", "shop@neemtree.example"];
    const app = await installation.addApp(owner.company, name, email);
    const connection = await installation.connect(app);
    const page = await open(t, at, { ...CLIPBOARD, viewport: WIDE }, NO_SERVER);

    // 1, step 1: sign in, and find Applications in the menu on the left.
    await page.goto("/login");
    await assertInOrder(page.locator("main form"), ["Enter Your Email", "Enter Password", "Forgot Password?", "Sign In"]);
    await page.getByLabel("Enter Your Email").fill(owner.email);
    await page.getByLabel("Enter Password").fill(owner.password);
    await send(page, "Sign In");
    await page.getByRole("heading", { level: 1, name: `Welcome, ${owner.name}` }).waitFor();
    const menu = page.locator("nav.sidebar");
    await assertInOrder(menu, ["Personal Info", "Applications", "Settings"]);
    await leading(page, () => menu.getByRole("link", { name: "Applications" }).click());

    // Step 2: the KS Pay dashboard lists the registered apps.
    await follow(page, "Explore KS Pay");
    await page.getByRole("heading", { level: 1, name: "KS Pay dashboard" }).waitFor();
    const columns = await page.getByRole("columnheader").allInnerTexts();
    assert.deepEqual(columns.slice(0, 4), ["App ID", "App Name", "Email", "Country"]);
    await assertInOrder(page.getByRole("row").filter({ hasText: name }), [app, name, email, "India"]);

    // Step 4: the app's name opens App Overview.
    await follow(page, name);
    await page.getByRole("heading", { level: 1, name: /Overview/ }).waitFor();

    // Steps 5 and 6: Settings, the App ID, Payment Gateway Settings, the gateway.
    await leading(page, () => page.locator("nav.sidebar").getByRole("link", { name: "Settings" }).click());
    await assertAppId(page, app);
    await follow(page, "Payment Gateway Settings");
    await page.getByRole("heading", { name: /Razorpay/ }).first().waitFor();
    await follow(page, "Open");

    // 2, step 1: the Webhook step has URL and SECRET, to copy.
    await step(page, "Webhook").and(page.locator("[aria-current=step]")).waitFor();
    const url = await copied(page, page.getByRole("button", { name: "Copy URL" }), "URL copied");
    assert.equal(url, connection.url);
    assert.equal(await page.getByLabel("URL", { exact: true }).inputValue(), url);
    const secret = await copied(page, page.getByRole("group", { name: "SECRET" }).getByRole("button", { name: "Copy" }), "SECRET copied");
    assert.equal(secret, connection.secret);

    // Step 2: what to do at the gateway, by the names that its dashboard shows.
    const steps = page.getByRole("region", { name: "Add them in Razorpay" });
    await assertInOrder(steps, ["Razorpay Dashboard", "Test Mode", "Accounts & Settings › Webhooks", "+ Add New Webhook", "Edit", "an existing one",
      "URL", "Secret", "Alert Email", email, "Active Events", "14 events", "Create Webhook", "754081", "test payment", "success@razorpay"]);
    const events = (await copied(page, steps.getByRole("button", { name: "Copy all event names" }), "Event names copied")).split("\n");
    assert.equal(events.length, 14);
    assert.ok(events.every((event) => /^[a-z_]+(\.[a-z_]+)+$/.test(event)), events.join("|"));
    await steps.locator("#events-fold > summary").click();
    await steps.getByText("payment.dispute.action_required").waitFor();

    // The test Key ID: what it is, and where it is found.
    await leading(page, () => step(page, "Credentials").click());
    await assertInOrder(page.locator("main"), ["Test API keys", "Accounts & Settings › API Keys", "Key ID", "rzp_test_", "no money", "Key Secret"]);
    await leading(page, () => step(page, "Webhook").click());

    // 3 and 4: test it, come back, and mark the step as done.
    assert.deepEqual((await simulate(url, secret)).answers, { 200: 1 });
    await shown(evidence(page), "evidence-verified").waitFor();
    await send(page, "Mark as done");
    await shown(page, "marked-as-done", owner.name).waitFor();
    await page.locator("#at-gateway > summary").click();
    await assertInOrder(page.locator("#at-gateway"), ["Razorpay", "6 steps", "+ Add New Webhook", "Create Webhook"]);
  });
});

/** Makes sure that the settings are those of the app, which the select on top names. */
async function assertAppId(page, app) {
  assert.equal(await page.getByRole("combobox", { name: "App ID" }).inputValue(), app);
}
