// Filters of lists, the tools of a payload, and a list on paper.
import assert from "node:assert/strict";

import { PHONE, open } from "../support/browser.mjs";
import { simulate } from "../support/ks_pay.mjs";
import { site } from "../support/site.mjs";
import { signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

describe("the filters of a list", () => {
  const at = site(async (at) => {
    at.owner = await at.installation.addOwner();
    at.app = await at.installation.addApp(at.owner.company);
    const { url, secret } = await at.installation.connect(at.app);
    at.secret = secret;
    await simulate(url, secret, ["--life-cycle", "partly-refunded"]);
    await simulate(url, secret, ["--event", "payment.failed"]);
  });
  const list = (name) => `/ks-pay/apps/${at.app}/${name}?mode=test`;
  const pill = (page, name) => page.getByTestId(`filter-${name}`);

  for (const javaScriptEnabled of [true, false]) {
    it(`set days and a status one after the other, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const page = await open(t, at, { javaScriptEnabled });
      await signIn(page, at.owner, list("transactions"));
      await pill(page, "date").locator("summary").click();
      await pill(page, "date").getByRole("link", { name: "This month" }).click();
      await page.waitForURL(/range=this_month/);
      assert.match(await pill(page, "date").locator("summary").textContent(), /^Date: This month$/);
      await pill(page, "status").locator("summary").click();
      await pill(page, "status").getByRole("radio", { name: "Failed", exact: true }).check();
      await pill(page, "status").getByRole("button", { name: "Apply" }).click();
      await page.waitForURL(/range=this_month.*status=failed/);
      assert.equal(await page.locator("main tbody th[scope=row] a").count(), 1);
      await page.getByRole("link", { name: "Clear all filters" }).click();
      await page.waitForURL((url) => !url.search.includes("status"));
    });
  }

  it("open and close by keyboard, one at a time", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, list("events"));
    const [date, type] = [pill(page, "date"), pill(page, "type")];
    await date.locator("summary").focus();
    await page.keyboard.press("Enter");
    assert.ok(await date.evaluate((details) => details.open));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Escape");
    assert.ok(await date.evaluate((details) => !details.open && details.querySelector("summary") === document.activeElement));
    await date.locator("summary").click();
    await type.locator("summary").click();
    assert.deepEqual([await date.evaluate(({ open }) => open), await type.evaluate(({ open }) => open)], [false, true]);
    await type.getByRole("textbox").or(type.getByRole("combobox")).fill("refund");
    await page.keyboard.press("Enter");
    await page.waitForURL(/type=refund/);
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`scroll sideways on a phone, and open below the row, one at a time, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const page = await open(t, at, { viewport: PHONE, javaScriptEnabled });
      await signIn(page, at.owner, list("transactions"));
      const row = page.locator(".filter-row");
      const widths = () => row.evaluate((row) => [row.scrollWidth > row.clientWidth, document.documentElement.scrollWidth]);
      assert.deepEqual(await widths(), [true, PHONE.width]);
      const closed = await row.boundingBox();
      await pill(page, "status").locator("summary").click();
      const [opened, form, bar] = [await row.boundingBox(), await pill(page, "status").locator("form").boundingBox(), await page.locator(".sidebar").boundingBox()];
      assert.deepEqual([opened.height, await widths()], [closed.height, [true, PHONE.width]]);
      assert.ok(form.width > PHONE.width * 0.8 && form.x >= 0 && form.x + form.width <= PHONE.width, JSON.stringify(form));
      assert.ok(form.y >= opened.y + opened.height && form.y + form.height > bar.y, "below the row, and longer than the window");
      const apply = await pill(page, "status").getByRole("button", { name: "Apply" }).boundingBox();
      assert.ok(apply.y > form.y && apply.y + apply.height <= bar.y, "the button is in view");
      await pill(page, "date").locator("summary").click();
      assert.deepEqual([await pill(page, "status").evaluate(({ open }) => open), await pill(page, "date").evaluate(({ open }) => open)], [false, true]);
    });
  }

  it("show all of their options", async (t) => {
    for (const viewport of [undefined, PHONE]) {
      const page = await open(t, at, viewport && { viewport });
      await signIn(page, at.owner, list("transactions"));
      await pill(page, "status").locator("summary").click();
      const isCut = await pill(page, "status").locator("fieldset").evaluate((list) => list.scrollHeight > list.clientHeight + 1);
      assert.ok(!isCut, JSON.stringify(viewport));
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      const last = await pill(page, "status").getByRole("radio").last().boundingBox();
      const actions = await pill(page, "status").locator(".actions").boundingBox();
      assert.ok(last.y + last.height <= actions.y, "the last one is reached");
    }
  });

  it("offer the correction of wrong days, at the fields and below", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, `${list("transactions")}&from=2026-02-02&to=2026-02-01`);
    assert.ok(await page.locator("#from").evaluate((field) => field === document.activeElement), "the wrong field has the focus");
    await page.getByTestId("invalid-filter").getByRole("link", { name: "Swap the dates" }).click();
    await page.waitForURL(/from=2026-02-01&to=2026-02-02/);
  });

  it("leave only title, app, days, sum and table on paper", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, list("transactions"));
    await page.emulateMedia({ media: "print" });
    const printed = await page.locator("body").evaluate((body) => {
      const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
      const texts = [];
      while (walker.nextNode()) {
        const { parentElement: of, data } = walker.currentNode;
        const isSeen = data.trim() && of.checkVisibility() && !of.closest(".visually-hidden, table, script");
        if (isSeen) texts.push(data.trim());
      }
      return texts;
    });
    assert.deepEqual(printed.slice(0, 1), ["Transaction History"]);
    const rest = printed.slice(1).join(" ");
    assert.match(rest, /^Neem Tree.* · Test .* to .* payments/);
    assert.doesNotMatch(rest, /Search|Date|Status|Download|Older|shown|Test mode/);
    assert.ok(await page.locator("main tbody tr").first().isVisible());
  });
});

describe("a payload", () => {
  const at = site(async (at) => {
    at.owner = await at.installation.addOwner();
    at.app = await at.installation.addApp(at.owner.company);
    const { url, secret } = await at.installation.connect(at.app);
    at.secret = secret;
    await simulate(url, secret);
  });
  const event = async (page) => {
    await signIn(page, at.owner, `/ks-pay/apps/${at.app}/events?mode=test`);
    await page.locator("main tbody th a").first().click();
    await page.locator("#payload").waitFor();
  };

  it("is searched, and every match is counted", async (t) => {
    const page = await open(t, at);
    await event(page);
    const field = page.getByRole("searchbox", { name: "Search in the body" });
    await field.fill("\"PAYMENT\"");
    const said = page.locator("[data-found]");
    const count = Number((await said.innerText()).match(/^1 of (\d+)$/)[1]);
    const text = await page.locator("#payload").innerText();
    assert.equal(count, text.toLowerCase().split("\"payment\"").length - 1);
    await field.press("Enter");
    assert.equal(await said.innerText(), `2 of ${count}`);
    await field.press("Shift+Enter");
    await field.press("Shift+Enter");
    assert.equal(await said.innerText(), `${count} of ${count}`);
    const isMarked = await page.evaluate(() => [CSS.highlights.get("found").size, CSS.highlights.get("found-now").size]);
    assert.deepEqual(isMarked, [count, 1]);
    // Across two elements: a key and what follows it.
    await field.fill("\"entity\": \"event\"");
    assert.equal(await said.innerText(), "1 of 1");
    await field.fill("nothing of this");
    assert.equal(await said.innerText(), "No match");
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`is shown whole and in part again, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const page = await open(t, at, { javaScriptEnabled });
      await event(page);
      assert.equal(await page.locator("[data-find]").isVisible(), javaScriptEnabled);
      const isCut = () => page.locator("#payload").evaluate((box) => box.scrollHeight > box.clientHeight);
      assert.ok(await isCut());
      await page.getByRole("link", { name: "Show all of it" }).click();
      assert.ok(!await isCut());
      await page.getByRole("link", { name: "Show less" }).click();
      assert.ok(await isCut());
    });
  }

  it("is copied as a command without secret and signature", async (t) => {
    const page = await open(t, at, { permissions: ["clipboard-read", "clipboard-write"] });
    await event(page);
    await page.getByTestId("curl").locator("summary").click();
    const shown = await page.locator("#curl-command").innerText();
    assert.match(shown, /^url=http:\/\/localhost:\d+/);
    assert.match(shown, /openssl dgst -sha256 -hmac "\$WEBHOOK_SECRET"/);
    assert.ok(!shown.includes(at.secret) && !/signature: ?[0-9a-f]{64}/i.test(shown));
    await page.getByRole("button", { name: "Copy as cURL" }).click();
    await page.getByText("Copied", { exact: true }).first().waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), shown);
  });
});
