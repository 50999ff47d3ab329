// Set-up, sign-in and forms at every kind of address: plain http on a second address of the machine, plain http and https on
// another port through nginx and Caddy as README configures them.
import assert from "node:assert/strict";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";

import { launch, open } from "../support/browser.mjs";
import { change } from "../support/database.mjs";
import { Installation, simulate } from "../support/ks_pay.mjs";
import { HOST, RESOLVE, freePort, secondAddress, startProxy } from "../support/proxies.mjs";
import { addApp, addRazorpay, follow, leading, send, setUp, shown, signIn, signOut, toPaymentGatewaySettings } from "../support/steps.mjs";
import { after, before, describe, it } from "../support/test.mjs";

const PERSON = { company: "Neem Tree Crafts", name: "Meera Iyer", email: "meera@neemtree.example", password: "four unrelated quiet words" };
const APP = { name: "Neem Tree Shop", email: "shop@neemtree.example" };
/** Chromium's messages about headers that it supports over https only. */
const PLAIN = /Cross-Origin-Opener-Policy header has been ignored|Clear-Site-Data header on 'http:/;

/** Sets up, signs out and in, and submits forms at the installation's address `url`. */
async function lives(t, at, options) {
  const page = await open(t, { browser: at.browser, installation: { url: at.url } }, options, PLAIN);
  const link = new URL(at.installation.setupLink);
  await setUp(page, `${at.url}${link.pathname}${link.search}`, PERSON);
  assert.equal(page.url(), `${at.url}/`);
  await signOut(page);
  await signIn(page, PERSON, "/personal-info");
  assert.equal(page.url(), `${at.url}/personal-info`);
  assert.equal(await page.getByTestId("plain-http").count(), at.isPlain ? 1 : 0);
  await page.getByLabel("Name", { exact: true }).fill("Meera R Iyer");
  await send(page, "Save");
  await page.locator(".flash.is-good").waitFor();
  await page.goto("/ks-pay");
  await addApp(page, APP);
  await toPaymentGatewaySettings(page, APP.name);
  await addRazorpay(page);
  await send(page, "Reveal secret");
  assert.match(await page.locator("#secret").inputValue(), /^[0-9A-Za-z]{44}$/);
}

/** Creates a site whose installation and proxy `prepare` starts. */
function site(prepare) {
  const at = {};
  before(async () => {
    at.browser = await launch(RESOLVE);
    await prepare(at);
  });
  after(async () => {
    await at.browser?.close();
    await at.proxy?.stop();
    await at.installation?.remove();
  });
  return at;
}

describe("plain http on a second address of the machine", () => {
  describe("which is listened on", () => {
    const at = site(async (at) => {
      at.installation = await Installation.start({ KS_PAY_LISTEN: `${secondAddress()}:0` });
      at.url = at.installation.url;
      at.isPlain = true;
    });
    it("is where one sets up and signs in", (t) => lives(t, at));
    it("is warned of in the log", () => assert.match(at.installation.log, /is plain http/));
  });

  describe("while all are listened on, as in a container", () => {
    const at = site(async (at) => {
      at.installation = await Installation.start({ KS_PAY_LISTEN: "0.0.0.0:0" });
      at.url = `http://${secondAddress()}:${new URL(at.installation.url).port}`;
      at.isPlain = true;
    });
    it("is where one sets up and signs in, with scripts off", (t) => lives(t, at, { javaScriptEnabled: false }));
  });
});

for (const kind of ["nginx", "caddy"]) {
  for (const isPlain of [true, false]) {
    describe(`${isPlain ? "plain http" : "https on another port"} through ${kind}`, () => {
      const at = site(async (at) => {
        const port = await freePort();
        at.url = `${isPlain ? "http" : "https"}://${HOST}:${port}`;
        at.isPlain = isPlain;
        at.installation = await Installation.start({ KS_PAY_PUBLIC_URL: at.url, KS_PAY_TRUSTED_PROXIES: "127.0.0.1/32" });
        at.proxy = await startProxy(kind, { port, backend: at.installation.url, isPlain });
      });
      it("is where one sets up and signs in", (t) => lives(t, at, { ignoreHTTPSErrors: true }));

      it("takes a form of a browser that sends its origin and no fetch metadata, and none from elsewhere", async () => {
        for (const [origin, status] of [[at.url, 303], ["null", 303], [`http://${HOST}`, 403], [`https://${HOST}`, 403],
          [at.url.replace(/\d+$/, "1"), 403], ["https://evil.example", 403]]) {
          assert.equal(await postLogin(at, origin), status, origin);
        }
      });
    });
  }
}

/** Returns the status of a sign-in with that origin. */
async function postLogin({ url }, origin) {
  const form = await ask(url, "GET", "/login");
  const token = form.body.match(/name="csrf_token" value="([^"]+)"/)[1];
  const body = new URLSearchParams({ csrf_token: token, email: PERSON.email, password: PERSON.password }).toString();
  const cookie = form.headers["set-cookie"].map((line) => line.split(";")[0]).join("; ");
  return (await ask(url, "POST", "/login", { origin, cookie, "content-type": "application/x-www-form-urlencoded" }, body)).status;
}

function ask(url, method, path, headers = {}, body = "") {
  const { protocol, host, port } = new URL(url);
  const request = protocol === "https:" ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const options = { method, path, host: "127.0.0.1", port, servername: HOST, rejectUnauthorized: false, headers: { host, ...headers } };
    request(options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => { text += part; });
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }));
    }).on("error", reject).end(body);
  });
}

describe("a sensitive action a while after signing in", () => {
  const at = site(async (at) => {
    at.installation = await Installation.start();
    at.url = at.installation.url;
    at.owner = await at.installation.addOwner();
    const app = await at.installation.addApp(at.owner.company);
    at.connection = await at.installation.connect(app);
    at.webhook = `/ks-pay/apps/${app}/settings/payment-gateways/razorpay/test/webhook`;
    at.csv = `/ks-pay/apps/${app}/transactions`;
  });
  const later = async (page) => {
    await page.goto("/ks-pay/settings"); // no stream is open while the server is away
    await change(at.installation, "UPDATE sessions SET confirmed_at = confirmed_at - 1000000");
  };

  for (const javaScriptEnabled of [true, false]) {
    it(`asks for the password and goes on, with scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      // The script's own request for the secret receives 422, and the form is submitted instead.
      const page = await open(t, { browser: at.browser, installation: at.installation }, { javaScriptEnabled }, /^422: .*reveal$/);
      await signIn(page, at.owner, at.webhook);
      await later(page);
      await page.goto(at.webhook);
      await page.getByRole("group", { name: "SECRET" }).getByRole("button", { name: /Copy/ }).click();
      await page.getByRole("heading", { name: "Confirm your password" }).waitFor();
      await page.getByLabel("Your password").fill("not the password");
      await send(page, "Confirm and continue");
      await page.locator("#current_password-error").waitFor();
      await page.getByLabel("Your password").fill(at.owner.password);
      await send(page, "Confirm and continue");
      const webhook = (await at.installation.run(["webhook", "show", "--app", at.connection.app, "--gateway", "razorpay", "--mode", "test", "--json"]));
      assert.equal(await page.locator("#secret").inputValue(), webhook.secrets[0].secret);

      await later(page);
      await page.goto(`${at.webhook}/rotation`);
      await page.getByLabel("7 days").check();
      await send(page, "Create new secret");
      await page.getByLabel("Your password").fill(at.owner.password);
      await send(page, "Confirm and continue");
      await shown(page, "rotation-pending").waitFor();
    });

    it(`disables a gateway only after the password, with scripts ${javaScriptEnabled ? "on" : "off"}`, async (t) => {
      const page = await open(t, { browser: at.browser, installation: at.installation }, { javaScriptEnabled });
      const gateways = at.webhook.replace("/razorpay/test/webhook", "");
      await signIn(page, at.owner, gateways);
      await later(page);
      await page.goto(gateways);
      await leading(page, () => page.getByRole("button", { name: /^Disable\s+Razorpay/ }).click());
      await send(page, "Disable");
      await shown(page, "confirm-password", "Razorpay").waitFor();
      await follow(page, "Cancel");
      const disable = page.getByRole("button", { name: /^Disable\s+Razorpay/ });
      await disable.waitFor();
      await leading(page, () => disable.click());
      await send(page, "Disable");
      await page.getByLabel("Your password").fill(at.owner.password);
      await send(page, "Confirm and continue");
      await page.getByRole("button", { name: /^Enable\s+Razorpay/ }).waitFor();
      // Enabling destroys nothing and requires no password.
      await later(page);
      await page.goto(gateways);
      await leading(page, () => page.getByRole("button", { name: /^Enable\b/ }).first().click());
      await page.getByRole("button", { name: /^Disable\s+Razorpay/ }).waitFor();
    });
  }
});

describe("a download a while after signing in", () => {
  const at = site(async (at) => {
    at.installation = await Installation.start();
    at.owner = await at.installation.addOwner();
    at.app = await at.installation.addApp(at.owner.company);
    const { url, secret } = await at.installation.connect(at.app);
    assert.equal((await simulate(url, secret)).code, 0);
  });

  it("asks for the password, and then begins", async (t) => {
    const page = await open(t, { browser: at.browser, installation: at.installation });
    const list = `/ks-pay/apps/${at.app}/transactions?mode=test`;
    await signIn(page, at.owner, "/ks-pay/settings");
    await change(at.installation, "UPDATE sessions SET confirmed_at = confirmed_at - 1000000");
    await page.goto(list);
    await leading(page, () => page.getByRole("link", { name: /^Download/ }).click());
    await page.getByLabel("Your password").fill(at.owner.password);
    await send(page, "Confirm and continue");
    await page.getByRole("heading", { name: "Transaction History" }).waitFor();
    await page.locator(".flash.is-good").waitFor();
    const downloading = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).click();
    assert.match((await downloading).suggestedFilename(), /\.csv$/);
  });
});
