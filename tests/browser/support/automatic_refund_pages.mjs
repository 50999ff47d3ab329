// Automatic refunds: none, the rule that refunds, those that wait and have ended, the page that confirms one, and the settings.
import { change } from "./database.mjs";
import { captured, post } from "./razorpay.mjs";
import { send, signIn } from "./steps.mjs";

const PAYMENT = "pay_Refunded0000002";

/** A refund in each state; the last two wait for a user. */
const REFUNDS = `INSERT INTO automatic_refunds (id, company_id, app_id, mode, automation_id, run_id, change_kind, transaction_id, order_id,
  refunded_id, amount_subunits, currency, state, reason, due_at, decided_by, created_at, ended_at)
  SELECT 4000 + number, a.company_id, t.app_id, t.mode, u.id, 4000 + number, 'captured', t.id, t.order_id,
  CASE WHEN number = 5 THEN t.id END, CASE WHEN number = 4 THEN NULL ELSE 129900 END, 'INR',
  CASE WHEN number > 3 THEN 'to_confirm' WHEN number = 3 THEN 'due' ELSE 'skipped' END,
  CASE number WHEN 1 THEN 'expired' WHEN 2 THEN 'declined' WHEN 4 THEN 'order_amount_unknown' WHEN 5 THEN 'confirmation' END,
  CASE WHEN number > 2 THEN t.created_at + 604800000 END, CASE WHEN number = 2 THEN (SELECT name FROM users LIMIT 1) END,
  t.created_at, CASE WHEN number < 3 THEN t.created_at END
  FROM transactions t JOIN apps a ON a.id = t.app_id JOIN automations u ON u.app_id = t.app_id,
  (SELECT 1 AS number UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) AS numbers WHERE t.payment_id = '${PAYMENT}'`;
/** Nothing is continued while pages are looked at. */
const REST = "UPDATE automatic_refunds SET due_at = due_at + 86400000 WHERE state = 'due'";

/** Walks from the rule's form to a refund that was made. */
export async function* automatic_refunds(page, { installation, names, api }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const connection = await installation.connect(app);
  const own = `/ks-pay/apps/${app}`;
  const list = `${own}/automations/refunds`;
  await signIn(page, names, `${own}/automations/new?mode=test`);
  await page.getByTestId("refund-note").waitFor();
  yield "automation-refund-without-keys";
  await page.goto(`${own}/settings/payment-gateways/razorpay/test/credentials`);
  await page.getByLabel("Key ID").fill("rzp_test_Demo0000000001");
  await page.getByLabel("Key Secret").fill("demo-key-secret-0001");
  await send(page, "Submit");
  await page.goto(`${list}?mode=test`);
  await page.getByTestId("no-refund").waitFor();
  yield "automatic-refunds-none";
  await page.goto(`${own}/automations/new?mode=test&template=refund_paid_twice`);
  yield "automation-refund";
  await send(page, "Preview");
  await page.getByTestId("preview-refund").waitFor();
  yield "automation-refund-preview";
  await page.getByLabel("Change", { exact: true }).selectOption("failed");
  await send(page, "Save");
  await page.locator("#refund-error").waitFor();
  yield "automation-refund-refused";
  await page.goto(`${own}/automations/new?mode=test&template=refund_paid_twice`);
  await send(page, "Save");
  await page.waitForURL(/automations\/au_/);
  yield "automation-that-refunds";

  await post(connection, captured(PAYMENT), "evt_Refunds00000002");
  await change(installation, REFUNDS);
  await change(installation, REST);
  const { amount } = JSON.parse(captured(PAYMENT)).payload.payment.entity;
  const entity = { id: PAYMENT, status: "captured", amount, currency: "INR", amount_refunded: 0, created_at: 1_795_343_400 };
  api.body = JSON.stringify(entity);
  await page.goto(`${own}/automations?mode=test`);
  await page.getByTestId("refunds-waiting").waitFor();
  yield "automations-with-refunds";
  await page.goto(`${list}?mode=test`);
  yield "automatic-refunds";
  await page.getByTestId("recent-refund").last().getByRole("link").first().click();
  await page.getByTestId("reason").waitFor();
  yield "automatic-refund-ended";
  await page.goto(`${list}?mode=test`);
  await page.getByTestId("refund-to-confirm").first().getByRole("link", { name: "Review" }).click();
  await page.getByTestId("by-hand").waitFor();
  yield "automatic-refund-by-hand";
  await page.goto(`${list}?mode=test`);
  await page.getByTestId("refund-to-confirm").last().getByRole("link", { name: "Review" }).click();
  await page.getByTestId("proposed").waitFor();
  const refund = new URL(page.url()).pathname;
  yield "automatic-refund";
  await page.getByLabel("Your password").fill("not the password");
  await send(page, "Refund ₹1,299.00");
  await page.locator("#current_password-error").waitFor();
  yield "automatic-refund-refused";
  api.body = JSON.stringify({ ...entity, amount_refunded: 29_900 });
  await page.goto(refund);
  await page.getByTestId("amount-changed").waitFor();
  yield "automatic-refund-changed";

  await page.goto(`${list}?mode=test`);
  await page.getByLabel("Refund without confirmation up to an amount").check();
  await page.getByLabel("Largest amount without confirmation").fill("99999");
  await page.getByLabel("Refunds a day").fill("none");
  await send(page, "Save settings");
  await page.locator("#daily_count-error").waitFor();
  yield "automatic-refunds-refused";
  await send(page, "Stop automatic refunds");
  await page.getByTestId("refunds-stopped").waitFor();
  yield "automatic-refunds-stopped";
  await page.goto(refund);
  await page.getByTestId("refunds-stopped").waitFor();
  yield "automatic-refund-stopped";
  await page.goto(`${list}?mode=test`);
  await page.locator("#start_password").fill(names.password);
  await send(page, "Start automatic refunds");
  await page.goto(refund);
  api.refund = { status: 200, body: JSON.stringify({ id: "rfnd_Refunded000002", payment_id: PAYMENT, amount: 100_000, currency: "INR" }) };
  await page.getByLabel("Your password").fill(names.password);
  await send(page, "Refund ₹1,000.00");
  await page.locator(".flash").waitFor();
  yield "automatic-refund-made";
  await page.goto(`${own}/transactions?mode=test&q=${PAYMENT}`);
  await page.locator("main tbody a").first().click();
  await page.getByTestId("automatic-refund").first().waitFor();
  yield "transaction-automatic-refunds";
}
