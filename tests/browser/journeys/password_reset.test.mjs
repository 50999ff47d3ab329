// Password reset by email, from the sign-in page to the new password, with the demo's mailbox; and email on the settings page.
import assert from "node:assert/strict";

import { launch, open } from "../support/browser.mjs";
import { Demo } from "../support/demo.mjs";
import { inspect } from "../support/inspect.mjs";
import { follow, leading, send, signIn } from "../support/steps.mjs";
import { after, before, describe, it } from "../support/test.mjs";

const NEW = "orange kettle under the stairs";
const path = (page) => new URL(page.url()).pathname;

/** The emails about the password, newest first; alerts of the demo's shops arrive in the mailbox too. */
const mails = (page) => page.getByTestId("mail").filter({ hasText: /password|पासवर्ड/i });

/** Looks into the mailbox until it has that many of them; returns the newest. */
async function newest(page, count) {
  await page.goto("/demo/mailbox");
  for (let left = 100; await mails(page).count() < count; left -= 1) {
    assert.ok(left > 0, "no email arrives");
    await page.waitForTimeout(100);
    await page.reload();
  }
  return mails(page).first();
}

/** Opens the link of the newest email. */
const openLink = (page, mail) => leading(page, () => mail.getByRole("link").click());

describe("password reset", () => {
  const at = {};
  before(async () => {
    at.demo = await Demo.start();
    at.installation = { url: at.demo.url };
    at.browser = await launch();
  });
  after(async () => {
    await at.browser?.close();
    await at.demo?.remove();
  });

  it("leads from a forgotten password to a new one, on pages that are accessible in both languages", async (t) => {
    const [page, other] = [await open(t, at), await open(t, at)];
    await signIn(other, at.demo, "/personal-info");
    await page.goto("/login");
    await follow(page, "Forgot Password?");
    await inspect(page, "forgotten-by-email");
    await page.getByLabel("Enter Your Email").fill(at.demo.email);
    await send(page, "Send link");
    await page.getByTestId("reset-requested").waitFor();
    await inspect(page, "reset-requested");
    const mail = await newest(page, 1);
    await inspect(page, "mailbox");

    const token = new URL(await mail.getByRole("link").getAttribute("href")).searchParams.get("token");
    await openLink(page, mail);
    assert.equal(page.url(), `${at.demo.url}/login/reset`, "the token leaves the address bar");
    assert.ok(!(await page.content()).includes(token), "the token is in the form");
    assert.equal(await page.evaluate(() => document.cookie), "");
    await inspect(page, "new-password");
    await page.getByLabel("New Password", { exact: true }).fill("short");
    await page.getByLabel("Confirm New Password").fill("short");
    await send(page, "Save password");
    await page.locator("#new_password-error[data-reason=too-short]").waitFor();
    await page.getByLabel("New Password", { exact: true }).fill(NEW);
    await page.getByLabel("Confirm New Password").fill(NEW);
    await send(page, "Save password");
    await page.getByTestId("reset-done").waitFor();
    await inspect(page, "reset-done");

    await other.goto("/personal-info");
    assert.equal(path(other), "/login", "the other session has ended");
    await newest(page, 2);
    await openLink(page, mails(page).nth(1));
    await page.getByTestId("reset-link-expired").waitFor();
    await inspect(page, "reset-link-expired");
    await signIn(page, { ...at.demo, password: NEW });
    assert.equal(path(page), "/");
  });

  it("works in Hindi and without scripts", async (t) => {
    const page = await open(t, at, { javaScriptEnabled: false, extraHTTPHeaders: { "accept-language": "hi" } });
    const submit = () => leading(page, () => page.locator("main form button").last().click());
    await page.goto("/demo/mailbox");
    const before = await mails(page).count();
    await page.goto("/login/forgotten");
    await page.locator("#email").fill(at.demo.email);
    await submit();
    await page.getByTestId("reset-requested").waitFor();
    const mail = await newest(page, before + 1);
    assert.match(await mail.locator("pre").first().innerText(), /पासवर्ड/);
    await openLink(page, mail);
    assert.match(await page.locator("html").getAttribute("lang"), /^hi\b/);
    await page.locator("#new_password").fill(`${NEW} again`);
    await page.locator("#confirm_password").fill(`${NEW} again`);
    await submit();
    await page.getByTestId("reset-done").waitFor();
    at.demo.password = `${NEW} again`;
  });

  it("is set up where the settings say so, and a test email is shown with its outcome", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.demo, "/settings");
    await page.getByTestId("email-set-up").waitFor();
    await send(page, "Send test email");
    for (let left = 100; await page.getByTestId("state-sent").count() === 0; left -= 1) {
      assert.ok(left > 0, "it is never sent");
      await page.waitForTimeout(100);
      await page.goto("/settings");
    }
    await inspect(page, "settings-with-email");
  });
});
