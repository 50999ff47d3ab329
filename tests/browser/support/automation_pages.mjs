// The automations of an app: none, the editor with errors and with a preview, a rule, its runs, and its removal; and one that sends JSON to
// a destination, with its delivery. The stand-in of Razorpay's API is the shop's own system.
import { change } from "./database.mjs";
import { fill, until } from "./destination_pages.mjs";
import { simulate } from "./ks_pay.mjs";
import { send, signIn } from "./steps.mjs";

/** A run that was skipped, and one whose message was not sent. */
const RUNS = `INSERT INTO automation_runs (id, automation_id, app_id, transaction_id, change_key, occurred_at, amount_subunits, currency, state,
  reason, steps, created_at, ended_at) SELECT number, automations.id, app_id, number, 'captured', created_at, 64900, 'INR',
  CASE WHEN number = 1 THEN 'skipped' ELSE 'failed' END, CASE WHEN number = 1 THEN 'no_address' END,
  '[{"at":1795343400000,"to":"customer","message":null,"skipped":"no_address"}]', created_at, created_at
  FROM automations, (SELECT 1 AS number UNION SELECT 2 UNION SELECT 3) AS numbers`;

/** Walks from an app without automations to the removal of one. */
export async function* automations(page, { installation, names, api }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const list = `/ks-pay/apps/${app}/automations`;
  await signIn(page, names, `${list}?mode=test`);
  yield "automations-none";
  await page.goto(`${list}/new?mode=live&template=confirmation`);
  await page.getByLabel("Text", { exact: true }).first().fill("{{refund_id}} [shop](http://shop.example)");
  await page.getByLabel("Condition on the amount", { exact: true }).selectOption("over");
  await send(page, "Save and turn on");
  yield "automation-refused";
  await page.goto(`${list}/new?mode=live&template=confirmation`);
  await send(page, "Preview");
  yield "automation-preview";
  await send(page, "Save and turn on");
  await page.waitForURL(/automations\/au_/);
  yield "automation-without-runs";
  await change(installation, RUNS);
  await page.reload();
  yield "automation";
  await page.goto(`${page.url()}?state=failed`);
  yield "automation-runs";
  await page.getByTestId("run").first().getByRole("link").click();
  await page.waitForURL(/runs\/ru_/);
  yield "automation-run";
  await page.getByRole("link", { name: "Run again", exact: true }).click();
  await page.locator("#ask").waitFor();
  yield "automation-run-again";
  await page.goto(`${list}?mode=live`);
  yield "automations";
  await page.getByTestId("automation").getByRole("link").click();
  await page.getByRole("link", { name: "Delete automation" }).click();
  await page.locator("#ask").waitFor();
  yield "automation-removal";
  yield* orders(page, { installation, names, api, app, list });
}

/** Walks from the ready-made rule for orders to its delivery. */
async function* orders(page, { installation, names, api, app, list }) {
  const { url, secret } = await installation.connect(app);
  await page.goto(`/ks-pay/apps/${app}/destinations/new?mode=test`);
  await fill(page, names.app.slice(0, 80), `${api.url}/orders`);
  await page.getByRole("textbox", { name: "Events" }).fill("automation.triggered");
  await send(page, "Add destination");
  const destination = new URL(page.url()).pathname;
  await page.goto(`${list}/new?mode=test&template=order_status`);
  yield "automation-order";
  await page.getByLabel("JSON", { exact: true }).fill('{\n  "amount": {{amount}}\n}');
  await send(page, "Preview");
  yield "automation-order-refused";
  await page.goto(`${list}/new?mode=test&template=order_status`);
  await send(page, "Preview");
  await page.getByTestId("preview-body").waitFor();
  yield "automation-order-preview";
  await send(page, "Save and turn on");
  await page.waitForURL(/automations\/au_/);
  const automation = new URL(page.url()).pathname;
  await change(installation, "UPDATE automations SET turned_on_at = 0");
  await simulate(url, secret);
  await until(page, automation, "state-done");
  await page.getByTestId("run").first().getByRole("link").click();
  await page.waitForURL(/runs\/ru_/);
  yield "automation-order-run";
  await page.getByTestId("delivery").click();
  await page.getByTestId("from-automation").waitFor();
  yield "automation-order-delivery";
  await page.goto(destination);
  yield "automation-order-destination";
  await page.goto(`${destination}/deletion`);
  yield "automation-order-destination-deletion";
}
