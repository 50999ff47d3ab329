// Destinations in every state, and a delivery before and after it arrived. The stand-in of Razorpay's API is the merchant's own system.
import { change } from "./database.mjs";
import { simulate } from "./ks_pay.mjs";
import { leading, send, signIn } from "./steps.mjs";

/** Fills the form of a destination. */
export async function fill(page, name, url) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("URL", { exact: true }).fill(url);
}

/** Requests the page until an element with that hook is there. */
export async function until(page, path, hook) {
  for (;;) {
    await page.goto(path);
    if (await page.getByTestId(hook).count() > 0) return;
    await page.waitForTimeout(100);
  }
}

const hour = 3_600_000;

/** So many deliveries of the only destination that a replay waits for them. */
const HELD = `INSERT INTO deliveries (id, destination_id, message_id, origin, state, attempts, due_at, is_retry, created_at)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
  SELECT i, (SELECT MIN(id) FROM destinations), i, 'webhook', 'waiting', 1, 0, TRUE, 0 FROM n`;

/** A replay that waits for them. */
const RUNNING = `INSERT INTO replays (id, destination_id, scope, since, until, cursor, replayed, expected, created_by, created_at, is_canceled)
  SELECT 1, MIN(id), 'every', 0, 0, 9223372036854775807, 1200, 3400, 'Owner', 0, FALSE FROM destinations`;

/** Walks a destination from the empty list to its deletion. */
export async function* destinations(page, { installation, names, api }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const list = `/ks-pay/apps/${app}/destinations`;
  await signIn(page, names, `${list}?mode=test`);
  yield "destinations-empty";
  await page.goto(`${list}/new?mode=test`);
  yield "destination-new-without-gateway";
  const { url, secret } = await installation.connect(app);
  await page.goto(`${list}/new?mode=test`);
  yield "destination-new";
  await page.locator("#speed > summary").click();
  await page.locator("main details summary").first().click();
  yield "destination-new-unfolded";
  await fill(page, "", "https://10.0.0.1/");
  await page.getByRole("textbox", { name: "Events" }).fill("no type!");
  await page.getByLabel("Deliveries at the same time").fill("99");
  await send(page, "Add destination");
  yield "destination-new-refused";
  await page.goto(`${list}/new?mode=test`);
  await fill(page, names.app.slice(0, 80), `${api.url}/${"a-very-long-path/".repeat(6)}`);
  await send(page, "Add destination");
  yield "destination-added";
  const own = new URL(page.url()).pathname;
  await send(page, "Reveal the secrets");
  yield "destination-revealed";
  await page.goto(`${own}/edit`);
  yield "destination-edit";
  await page.goto(`${own}/rotation`);
  yield "destination-rotation";
  await send(page, "Rotate secret");
  yield "destination-rotated";

  api.status = 503;
  await simulate(url, secret);
  await until(page, own, "state-failing");
  yield "destination-failing";
  await leading(page, () => page.locator("tr .row-link").first().click());
  yield "delivery-waiting";
  const delivery = new URL(page.url()).pathname;
  api.status = 200;
  await send(page, "Retry now");
  await until(page, delivery, "state-delivered");
  yield "delivery-delivered";
  await page.getByRole("link", { name: /^ev_/ }).first().click();
  await page.getByTestId("event-deliveries").waitFor();
  yield "event-deliveries";

  await page.goto(own);
  await send(page, "Send test event");
  await page.getByTestId("test-response").waitFor();
  yield "destination-tested";
  await page.goto(own);
  await send(page, "Pause");
  yield "destination-paused";
  await simulate(url, secret);
  await page.goto(list);
  yield "destinations-paused";
  await page.goto(`${own}/failed-deliveries/replay`);
  yield "destination-replay";
  await page.goto(`${own}/replays`);
  yield "destination-replay-range";
  await page.goto(`${own}/replays?since=&until=2999-01-01T00:00&scope=`);
  yield "destination-replay-range-refused";
  await page.goto(`${own}/replays?since=2026-01-01T00:00&until=&scope=every`);
  await page.getByTestId("replay-count").waitFor();
  yield "destination-replay-range-counted";
  await change(installation, HELD);
  await change(installation, RUNNING);
  await page.goto(own);
  await page.getByTestId("replay-running").waitFor();
  yield "destination-replay-running";
  await change(installation, "DELETE FROM replays");
  await change(installation, "DELETE FROM deliveries WHERE id <= 1000");
  await page.goto(`${own}/headers`);
  yield "destination-headers-none";
  await page.getByLabel("Name", { exact: true }).fill("host");
  await send(page, "Save");
  yield "destination-headers-refused";
  await page.getByLabel("Name", { exact: true }).fill("Authorization");
  await page.getByLabel("Value", { exact: true }).fill("Bearer of-the-walk");
  await send(page, "Save");
  yield "destination-headers";
  await page.goto(own);
  await send(page, "Resume");
  const since = Date.now() - 70 * hour;
  await change(installation, `UPDATE destination_health SET failing_since = ${since}, open_until = ${Date.now() + 25_000}`);
  await page.goto(own);
  await page.getByTestId("destination-not-responding").waitFor();
  yield "destination-not-responding";
  await page.goto(`/ks-pay/apps/${app}?mode=test`);
  yield "overview-destination";
  await page.goto(`${own}/deletion`);
  yield "destination-deletion";
}
