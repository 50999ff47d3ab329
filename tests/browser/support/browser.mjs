// Real Chromium. Every page is watched: faults invisible to a reader – a script error, a violation of the
// Content-Security-Policy, a request to another server – fail the test that opened it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

/** The headless shell first: it draws no window, and needs a fifth less CPU. */
const PLACES = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];
/** The sandbox is unavailable as root in a container; the other flags stop background requests of the browser. */
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
/** Timeout for a page or an element, in milliseconds. */
const PAGE_TIMEOUT_MS = 15_000;

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 360, height: 740 };

/** Browser messages while a stream is open and the server is down; tolerated where a test stops the server. */
export const NO_SERVER = /net::ERR_CONNECTION_(REFUSED|RESET)/;

/** Starts the browser. The caller closes it. */
export async function launch(flags = []) {
  const executablePath = process.env.CHROMIUM || PLACES.find((place) => existsSync(place));
  assert.ok(executablePath, "There is no Chromium. Install it, or name it in CHROMIUM.");
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}

/**
 * Opens a page for one test, in its own context, on the installation's site. Options are those of a context:
 * `javaScriptEnabled`, `colorScheme`, `viewport` … At the end of the test the page is closed and its faults are reported,
 * except those that match `tolerated`.
 */
export async function open(t, { browser, installation: { url } }, options = {}, tolerated = undefined) {
  const context = await browser.newContext({ baseURL: url, viewport: DESKTOP, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(PAGE_TIMEOUT_MS);
  const faults = await watch(context, url);
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults.filter((fault) => !tolerated?.test(fault)), [], "faults behind the page");
  });
  return context.newPage();
}

/** Watches a context's pages; the returned list receives their faults, one per line. */
export async function watch(context, url) {
  const faults = [];
  const { host } = new URL(url);
  // Works without scripts as well: the browser's own report of a violation is a console error.
  await context.exposeBinding("reportViolation", (_, violation) => faults.push(`violates the policy: ${violation}`));
  await context.addInitScript(() => addEventListener("securitypolicyviolation", (event) =>
    window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)));
  context.on("console", (message) => {
    // A page with status 404 or 422 is reported like a missing picture; the latter is reported below.
    const isStatus = message.text().startsWith("Failed to load resource: the server responded with a status of");
    if (["error", "warning"].includes(message.type()) && !isStatus) faults.push(`${message.type()}: ${message.text()}`);
  });
  context.on("weberror", (error) => faults.push(`script: ${error.error()}`));
  context.on("request", (request) => {
    const target = new URL(request.url());
    if (target.protocol !== "data:" && target.host !== host) faults.push(`leaves the site: ${request.url()}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400 && response.request().resourceType() !== "document") {
      faults.push(`${response.status()}: ${response.url()}`);
    }
  });
  return faults;
}

/** Presses a Copy button and returns the clipboard's content once the page shows `said`. */
export async function copied(page, button, said) {
  await button.click();
  await page.getByRole("status").getByText(said, { exact: true }).waitFor({ state: "attached" });
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Records everything that appears in the document from now on, values of fields included; returns a function to read it. */
export async function recordDocument(page) {
  await page.evaluate(() => {
    window.recorded = "";
    const record = () => {
      const values = [...document.querySelectorAll("input, textarea")].map((field) => field.value);
      window.recorded += document.documentElement.outerHTML + values.join("\n");
    };
    new MutationObserver(record).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    record();
  });
  return () => page.evaluate(() => window.recorded);
}

/** Asserts that the page is not reloaded while `act` runs. */
export async function stays(page, act) {
  const navigations = [];
  const note = (frame) => navigations.push(frame.url());
  page.on("framenavigated", note);
  await act();
  page.off("framenavigated", note);
  assert.deepEqual(navigations, [], "the page was loaded anew");
}
