// Walks through the states of a webhook that stopped working or has warnings.
import { change, count } from "./database.mjs";
import { simulate } from "./ks_pay.mjs";
import { captured, post, refused } from "./razorpay.mjs";
import { reloadUntil, send, shown, signIn } from "./steps.mjs";

const HOUR = 3_600_000;

/** Simulates a connection that has been failing for that long, in milliseconds. */
export const failingFor = (installation, mode, length) =>
  change(installation, `UPDATE activity SET failing_since = failing_since - ${length} WHERE ${of(mode)}`);

/** Waits until a rejected request has been diagnosed as proven: it is stored after the response. */
export async function proven(installation, mode) {
  const query = `SELECT COUNT(*) FROM activity WHERE failing_since IS NOT NULL AND ${of(mode)}`;
  for (let tries = 0; tries < 100; tries += 1) {
    if (await count(installation, query) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the rejected request was never found to be proven");
}

/** Simulates events every 20 min for two weeks, followed by silence for that long. */
export const silentFor = (installation, mode, length) => change(installation, `UPDATE activity SET
  last_verified_at = last_verified_at - ${length}, first_verified_at = first_verified_at - ${17 * 24 * HOUR},
  baseline_since = last_verified_at - ${length + 17 * 24 * HOUR}, baseline_minutes = 1224, baseline_pause = ${2 * HOUR} WHERE ${of(mode)}`);

const of = (mode) => `connection_id IN (SELECT id FROM connections WHERE mode = '${mode}')`;

/** Leaves for a page without a stream, since the server is about to stop. */
const away = (page) => page.goto("/ks-pay/settings");

/** A URL check, a failing webhook, a silent one, and account mismatches, on every page that shows them. */
export async function* diagnoses(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const test = await installation.connect(app);
  const live = await installation.connect(app, "razorpay", "live");
  const settings = `/ks-pay/apps/${app}/settings/payment-gateways`;
  await signIn(page, names, `${settings}/razorpay/test/webhook`);
  await send(page, "Check my URL");
  await page.getByTestId("finding-body").waitFor();
  yield "url-checked";

  const stranger = "another secret than this one";
  for (const connection of [test, live]) await simulate(connection.url, connection.secret);
  await simulate(live.url, stranger);
  await page.goto(`${settings}/razorpay/live/webhook`);
  await reloadUntil(page, "rejected-meanwhile", "1 ");
  yield "webhook-rejected-meanwhile";
  await away(page);
  await silentFor(installation, "live", 9 * HOUR);
  await page.goto(`${settings}/razorpay/live/webhook`);
  await page.getByTestId("evidence-overdue").waitFor();
  yield "webhook-overdue";
  await away(page);
  await change(installation, `UPDATE activity SET rejected_since = NULL, rejected_streak = 0`);
  await refused({ url: test.url, secret: `${test.secret} ` }, captured("pay_Failing0000001"), "evt_Failing0000001");
  await proven(installation, "test");
  await failingFor(installation, "test", 320 * 60_000);
  await page.goto("/");
  await page.getByTestId("countdown").waitFor();
  yield "dashboard-failing-and-silent";
  await page.goto("/ks-pay");
  yield "apps-failing-and-silent";
  await page.goto(settings);
  yield "gateways-failing-and-silent";
  await page.goto(`${settings}/razorpay/test/webhook`);
  yield "webhook-countdown";
  await page.goto(`${settings}/razorpay/live/webhook`);
  await shown(page, "evidence-silent", /17\sdays.*2\sh/).waitFor();
  yield "webhook-silent";
  await page.goto(`/ks-pay/apps/${app}?mode=live`);
  yield "overview-silent";

  for (const connection of [test, live]) await post(connection, captured("pay_MixedUp0000001"), "evt_MixedUp0000001");
  const foreign = captured("pay_MixedUp0000002").replace(/acc_\w+/, "acc_Another0000001");
  await post(live, foreign, "evt_MixedUp0000002");
  await page.goto(`${settings}/razorpay/live/webhook`);
  await page.getByTestId("other-account").waitFor();
  await page.getByTestId("both-modes").waitFor();
  yield "webhook-mixed-up";
  await page.goto(`/ks-pay/apps/${app}/events?mode=live`);
  await page.locator("main tbody th a").first().click();
  await page.getByTestId("event-of-other-account").waitFor();
  yield "event-of-another-account";
  await page.goto("/");
  yield "dashboard-mixed-up";

  await away(page);
  await change(installation, "UPDATE secrets SET sealed = substr(sealed, 1, 50)");
  await page.goto(`${settings}/razorpay/test/webhook`);
  await page.getByTestId("secret-unreadable").waitFor();
  yield "webhook-unreadable-secret";
}
