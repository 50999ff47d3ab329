// Alerts of an app, the settings of a kind of alert, an alert that is over, and the channels of the company.
import { change } from "./database.mjs";
import { send, signIn } from "./steps.mjs";

/** An alert that was open for an hour. */
const OVER = `INSERT INTO alerts (id, company_id, app_id, mode, kind, object, since, opened_at, count, stage, detail, is_notified, resolved_at,
  is_active, updates, revision) SELECT 1, company_id, id, 'test', 'destination_failing', 'ds_00000000001', created_at, created_at, 14, 0,
  '{}', FALSE, created_at + 3600000, FALSE, '[]', 0 FROM apps ORDER BY id DESC LIMIT 1`;

/** Walks from the alerts of a new app to the removal of a channel. */
export async function* alerts(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const list = `/ks-pay/apps/${app}/alerts`;
  await signIn(page, names, `${list}?mode=test`);
  yield "alerts-none";
  await page.getByTestId("digest-preview").locator("summary").click();
  yield "alerts-digest";
  await page.getByLabel("Time", { exact: true }).fill("");
  await page.getByTestId("digest").getByRole("button", { name: "Save" }).click();
  await page.locator("#time-error").waitFor();
  yield "alerts-digest-refused";
  await page.getByTestId("kind-webhook-failing").getByRole("link").click();
  await page.locator("#who").waitFor();
  yield "alert-kind";
  await page.goto("/settings/channels");
  yield "channels-empty";
  await page.goto("/settings/channels/new?service=telegram");
  await send(page, "Add channel");
  yield "channel-refused";
  await page.goto("/settings/channels/new?service=slack");
  await page.getByLabel("Name", { exact: true }).fill(names.app.slice(0, 60));
  await page.getByLabel("Webhook URL", { exact: true }).fill(`https://hooks.slack.com/services/T00000000/B00000000/${"x".repeat(24)}`);
  await send(page, "Add channel");
  yield "channels";
  await page.getByRole("link", { name: /^Remove/ }).click();
  await page.locator("#ask").waitFor();
  yield "channel-removal";
  await change(installation, OVER);
  await page.goto(`${list}?mode=test`);
  yield "alerts";
  await page.getByTestId("alert").getByRole("link").click();
  await page.waitForURL(/alerts\/al_/);
  yield "alert";
}
