// Access: the set-up link, sign-in and its target, and sign-out.
import assert from "node:assert/strict";
import { createServer } from "node:http";

import { open } from "../support/browser.mjs";
import { site } from "../support/site.mjs";
import { leading, send, setUp, signIn, signOut } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

const PERSON = {
  company: "नीम ट्री हस्तशिल्प", name: "मीरा अय्यर", email: "meera@neemtree.example", password: "four unrelated quiet words",
};
const path = (page) => new URL(page.url()).pathname;

describe("the first start", () => {
  const at = site();

  it("offers a one-time link, which makes company and owner and signs in", async (t) => {
    const link = at.installation.setupLink;
    assert.ok(link.startsWith(`${at.installation.url}/setup?token=`));
    assert.ok(!at.installation.log.includes(new URL(link).searchParams.get("token")), "the link is in the log");

    const page = await open(t, at);
    await page.goto(link);
    const token = new URL(link).searchParams.get("token");
    assert.equal(page.url(), `${at.installation.url}/setup`, "the token leaves the address bar");
    assert.ok(!(await page.content()).includes(token), "the token is in the form");
    const [cookie] = (await page.context().cookies(`${at.installation.url}/setup`)).filter(({ name }) => name === "ks_pay_setup");
    assert.ok(cookie.httpOnly && cookie.path === "/setup" && cookie.value === token);
    assert.equal(await page.evaluate(() => document.cookie), "");

    await setUp(page, link, { ...PERSON, password: "password1234" });
    assert.equal(path(page), "/setup", "a bad password is refused at its field");
    assert.equal(await page.getByLabel("Your Name").inputValue(), PERSON.name, "what was typed is still there");
    assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), "", "but for the password");
    assert.ok(await page.getByLabel("Password", { exact: true }).evaluate((field) => field === document.activeElement));

    await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
    await send(page, "Create company and sign in");
    assert.equal(path(page), "/");
    const left = await page.context().cookies(`${at.installation.url}/setup`);
    assert.ok(!left.some(({ name }) => name === "ks_pay_setup"), "the cookie is cleared");

    await page.goto(link);
    await page.getByRole("heading", { name: "This link no longer works" }).waitFor();
    await at.installation.restart();
    assert.equal(at.installation.setupLink, undefined, "no link once there is a user");
    await page.goto("/");
    assert.equal(path(page), "/", "a restart signs nobody out");
  });
});

describe("the set-up link in a page of another site, such as a mailbox", () => {
  const at = site();

  for (const javaScriptEnabled of [true, false]) {
    it(`leads to the form, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const link = at.installation.setupLink;
      const mailbox = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" })
        .end(`<!doctype html><title>Mail</title><a href="${link}">Set up</a>`));
      await new Promise((resolve) => mailbox.listen(0, "127.0.0.1", resolve));
      t.after(() => mailbox.close());
      const context = await at.browser.newContext({ javaScriptEnabled });
      t.after(() => context.close());
      const page = await context.newPage();
      // Another host name, hence another site for the browser.
      await page.goto(`http://localhost:${mailbox.address().port}/`);
      await page.getByRole("link", { name: "Set up" }).click();
      await page.getByRole("heading", { name: "Set up KS Pay" }).waitFor();
      assert.equal(page.url(), `${at.installation.url}/setup`);
      await page.getByLabel("Company Name").fill("x");
      await page.locator("form[action=\"/setup\"]").evaluate((form) => { form.noValidate = true; });
      await send(page, "Create company and sign in");
      await page.locator("#company-error").waitFor();
    });
  }
});

describe("sign-in", () => {
  // Two users, since sign-ins of one are throttled after the tenth.
  const at = site(async (at) => {
    at.owner = await at.installation.addOwner();
    at.other = await at.installation.addOwner({ company: "Other Crafts", email: "other@othercrafts.example", name: "Ravi Rao" });
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`says the same of a wrong password and an unknown e-mail, scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const page = await open(t, at, { javaScriptEnabled });
      await signIn(page, { ...at.owner, password: "four unrelated loud words" });
      const wrong = await page.getByRole("alert").innerText();
      assert.equal(await page.getByLabel("Enter Your Email").inputValue(), at.owner.email);
      await signIn(page, { ...at.owner, email: "nobody@neemtree.example" });
      assert.equal(await page.getByRole("alert").innerText(), wrong);

      await signIn(page, { ...at.owner, email: at.owner.email.toUpperCase() });
      assert.equal(path(page), "/");
    });
  }

  it("leads back to the page that was asked for", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, "/personal-info?from=here");
    assert.equal(page.url(), `${at.installation.url}/personal-info?from=here`);
  });

  for (const target of ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "/\t/evil.example"]) {
    it(`never leads out of the site: ${JSON.stringify(target)}`, async (t) => {
      const page = await open(t, at);
      await signIn(page, at.other, `/login?redirect_url=${encodeURIComponent(target)}`);
      assert.equal(page.url(), `${at.installation.url}/`);
    });
  }

  it("is ended by signing out, also for a copy of the session", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner, "/personal-info");
    const copy = await open(t, at, { storageState: await page.context().storageState() });
    await copy.goto("/personal-info");
    assert.equal(path(copy), "/personal-info");

    await signOut(page);
    assert.equal(path(page), "/login");
    await page.goBack();
    await page.reload();
    assert.equal(path(page), "/login", "nothing is left to go back to");
    await copy.goto("/personal-info");
    assert.equal(path(copy), "/login", "the copy is dead, too");
  });

  it("keeps the session from scripts and other sites", async (t) => {
    const page = await open(t, at);
    await signIn(page, at.owner);
    assert.equal(await page.evaluate(() => document.cookie), "");
    const [session] = (await page.context().cookies()).filter(({ name }) => name === "ks_pay_session");
    assert.ok(session.httpOnly && session.sameSite === "Lax" && session.path === "/");
  });

  it("works with the keyboard alone", async (t) => {
    const page = await open(t, at);
    await page.goto("/login");
    await page.getByLabel("Enter Your Email").focus();
    await page.keyboard.type(at.owner.email);
    await page.keyboard.press("Tab"); // Forgot Password?
    await page.keyboard.press("Tab");
    await page.keyboard.type(at.owner.password);
    await leading(page, () => page.keyboard.press("Enter"));
    assert.equal(path(page), "/");
  });

  it("shows the password when asked", async (t) => {
    const page = await open(t, at);
    await page.goto("/login");
    await page.getByLabel("Enter Password").fill("hush");
    await page.getByRole("button", { name: "Show" }).click();
    assert.equal(await page.getByLabel("Enter Password").getAttribute("type"), "text");
    await page.getByRole("button", { name: "Hide" }).click();
    assert.equal(await page.getByLabel("Enter Password").getAttribute("type"), "password");
  });
});
