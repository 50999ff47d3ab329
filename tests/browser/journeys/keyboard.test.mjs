// Keyboard only: Tab, Enter, Space and letters, from sign-in to Mark as done.
import assert from "node:assert/strict";

import { open } from "../support/browser.mjs";
import { assertFocused, enter, tabTo, type } from "../support/keyboard.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { site } from "../support/site.mjs";
import { evidence, leading, shown, signIn, step } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

describe("the keyboard alone", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  it("leads from sign-in to Mark as done, and focus is always seen", async (t) => {
    const { owner } = at;
    const page = await open(t, at, { permissions: ["clipboard-read", "clipboard-write"] });
    await page.goto("/login");
    await type(page, "Enter Your Email", owner.email);
    await type(page, "Enter Password", owner.password);
    await leading(page, () => page.keyboard.press("Enter"));
    await enter(page, "link", "Applications");
    await enter(page, "link", "Explore KS Pay");
    await enter(page, "link", "Add App");

    await type(page, "App Name", "x");
    await type(page, "Email", "shop@neemtree.example");
    await type(page, "Country", "India");
    await enter(page, "button", "Add App");
    const name = page.getByLabel("App Name");
    await assertFocused(name); // the first wrong field
    assert.equal(await name.getAttribute("aria-invalid"), "true");
    await page.keyboard.type("Neem Tree Shop");
    await leading(page, () => page.keyboard.press("Enter"));
    await assertFocused(page.locator("[data-flash]"));

    await page.goto("/ks-pay/settings");
    await tabTo(page, page.getByRole("radio", { name: /^x?Neem Tree Shop|Neem Tree Shopx?/ }));
    await page.keyboard.press("Space");
    await enter(page, "button", "Continue to its settings");
    await enter(page, "link", "Payment Gateway Settings");
    await tabTo(page, page.getByLabel("Payment gateway", { exact: true }));
    await page.keyboard.type("Razorpay");
    await tabTo(page, page.locator("[name=mode]:checked"));
    await page.keyboard.press("Space");
    await enter(page, "button", "Add Gateway");
    await tabTo(page, step(page, "Webhook"));
    await leading(page, () => page.keyboard.press("Enter"));

    const url = await copy(page, page.getByRole("button", { name: "Copy URL" }), "Space", "URL copied");
    const secret = await copy(page, page.getByRole("group", { name: "SECRET" }).getByRole("button", { name: "Copy" }), "Enter", "SECRET copied");
    await simulate(url, secret);
    await evidence(page).getByRole("heading", { name: /verified/ }).waitFor();
    await assertFocused(page.getByRole("group", { name: "SECRET" }).getByRole("button", { name: /Cop/ }));

    await enter(page, "button", "Mark as done");
    await assertFocused(page.locator("[data-flash]"));
    await shown(step(page, "Webhook"), "state-verified").waitFor();
  });

  /** Presses a Copy button, and returns the clipboard's content once the page shows `said`. */
  async function copy(page, button, key, said) {
    await tabTo(page, button);
    await page.keyboard.press(key);
    await page.locator("[data-copy-said]", { hasText: said }).waitFor({ state: "attached" });
    return page.evaluate(() => navigator.clipboard.readText());
  }

  it("skips to the content with the first link of a page", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, "/personal-info");
    await tabTo(page, page.getByRole("link", { name: "Skip to content" }));
    await page.keyboard.press("Enter");
    await assertFocused(page.getByRole("main"));
    await tabTo(page, page.getByLabel("Name", { exact: true }).first());
  });

  it("closes the account menu with Escape, by a click outside and when focus leaves it", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, "/settings");
    const [menu, summary] = [page.locator("details.menu"), page.locator("summary", { hasText: "account menu" })];
    const isOpen = () => menu.evaluate((details) => details.open);
    await summary.click();
    await tabTo(page, page.getByRole("button", { name: "Sign out" }));
    await page.keyboard.press("Escape");
    assert.equal(await isOpen(), false, "by Escape");
    await assertFocused(summary);

    await summary.click();
    await page.getByRole("heading", { level: 1 }).click();
    assert.equal(await isOpen(), false, "by a click outside");

    await summary.click();
    await tabTo(page, page.getByRole("button", { name: "Sign out" }));
    await page.keyboard.press("Tab");
    assert.equal(await isOpen(), false, "once focus left");
  });

  it("opens and leaves the account menu", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, "/settings");
    await tabTo(page, page.locator("summary", { hasText: "account menu" }));
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("link", { name: "Personal Info" }).first());
    await tabTo(page, page.getByRole("button", { name: "Sign out" }));
    await leading(page, () => page.keyboard.press("Space"));
    assert.equal(new URL(page.url()).pathname, "/login");
  });
});
