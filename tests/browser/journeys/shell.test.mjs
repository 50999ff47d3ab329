// The frame of the pages: the app switcher, the search in a dialog, the App ID select, and the menu More on a phone.
import assert from "node:assert/strict";

import { violations } from "../support/accessibility.mjs";
import { PHONE, open } from "../support/browser.mjs";
import { assertFocused } from "../support/keyboard.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { site } from "../support/site.mjs";
import { leading, reloadUntil, signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

const path = (page) => new URL(page.url()).pathname + new URL(page.url()).search;

describe("the frame of the pages", () => {
  const at = site(async (at) => {
    at.owner = await at.installation.addOwner();
    at.apps = [];
    for (const name of ["Neem Tree Shop", "Neem Tree Stall", "Diwali Pop-up"]) at.apps.push(await at.installation.addApp(at.owner.company, name));
    at.connection = await at.installation.connect(at.apps[0], "razorpay", "test");
    await simulate(at.connection.url, at.connection.secret);
  });
  const of = (app, rest = "") => `/ks-pay/apps/${at.apps[app]}${rest}`;

  it("switches the app on the same page, and narrows the list as one types", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, of(0, "/events?mode=live"));
    const switcher = page.getByTestId("switcher");
    await switcher.locator("summary").click();
    const links = switcher.locator("[data-narrowed]");
    assert.equal(await links.filter({ visible: true }).count(), 3);
    await page.getByLabel("Find an app").fill("STALL");
    assert.equal(await links.filter({ visible: true }).count(), 1);
    await switcher.locator(`a[href*="${at.apps[1]}"]`).waitFor();
    await page.getByLabel("Find an app").fill("nothing");
    await switcher.locator("[data-narrow-none]").waitFor();
    await page.keyboard.press("Escape");
    await assertFocused(switcher.locator("summary"));
    await switcher.locator("summary").click();
    await page.getByLabel("Find an app").fill("");
    await leading(page, () => switcher.locator(`a[href*="${at.apps[1]}"]`).click());
    assert.equal(path(page), of(1, "/events?mode=live"));
  });

  it("switches the app and opens its settings without scripts", async (t) => {
    const page = await open(t, at, { javaScriptEnabled: false });
    await signIn(page, at.owner, of(0, "/settings/domain?mode=live"));
    await page.getByRole("combobox", { name: "App ID" }).selectOption(at.apps[2]);
    await leading(page, () => page.getByTestId("app-choice").getByRole("button").click());
    assert.equal(path(page), of(2, "/settings/domain?mode=live"));
    await page.getByTestId("switcher").locator("summary").click();
    await page.getByLabel("Find an app").fill("Stall");
    await leading(page, () => page.getByLabel("Find an app").press("Enter"));
    assert.equal(path(page), "/ks-pay?q=Stall");
    await leading(page, () => page.getByTestId("search-link").click());
    await page.getByRole("searchbox").fill("Diwali");
    await leading(page, () => page.getByRole("searchbox").press("Enter"));
    await leading(page, () => page.getByRole("link", { name: "Diwali Pop-up" }).click());
    assert.equal(path(page), of(2));
  });

  it("opens the search with the keyboard, moves through its results, and returns focus", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, of(0));
    await reloadUntil(page, "health-verified");
    const link = page.getByTestId("search-link");
    await link.focus();
    await page.keyboard.press("Control+k");
    const dialog = page.locator("dialog.palette[open]");
    const field = dialog.getByRole("searchbox");
    await assertFocused(field);
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await assertFocused(link);

    await page.keyboard.press("Meta+k");
    // It opens with what the server returns; what is typed before is lost on a busy machine.
    await assertFocused(field);
    await page.keyboard.type("diwali");
    const found = dialog.getByTestId("found-apps").getByRole("link");
    await found.waitFor();
    assert.equal(await found.count(), 1);
    await page.keyboard.press("ArrowDown");
    await assertFocused(found);
    await page.keyboard.press("ArrowUp");
    await assertFocused(field);
    await page.keyboard.press("ArrowDown");
    await leading(page, () => page.keyboard.press("Enter"));
    assert.equal(new URL(page.url()).pathname, of(2));
    await page.keyboard.press("k");
    assert.equal(await dialog.count(), 0, "a letter alone is no shortcut");
  });

  it("has all pages of an app in the bar of a phone or its menu More", async (t) => {
    const page = await open(t, at);
    await page.setViewportSize(PHONE);
    await signIn(page, at.owner, of(0, "/rejections"));
    const bar = page.getByRole("navigation", { name: "Neem Tree Shop" });
    const more = bar.locator("summary");
    assert.equal(await bar.getByRole("link", { name: "Rejections" }).count(), 0);
    assert.ok(await more.evaluate((summary) => summary.parentElement.dataset.here !== undefined), "the page is one of the menu's");
    await more.click();
    assert.deepEqual(await bar.locator(".nav-more").getByRole("link").allTextContents(), ["Rejections", "Destinations", "Automations", "Alerts", "Search"]);
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press("Escape");
    assert.equal(await bar.getByRole("link", { name: "Rejections" }).count(), 0);
    await more.click();
    await leading(page, () => bar.getByRole("link", { name: "Search" }).click());
    assert.equal(new URL(page.url()).pathname, "/search");
  });
});
