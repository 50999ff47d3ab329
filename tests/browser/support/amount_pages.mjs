// Pages of special payments: paid twice, disputed, in a foreign currency; and a settlement.
import { captured, event, post } from "./razorpay.mjs";
import { signIn } from "./steps.mjs";

const DAY = 86_400;

/** Walk in the form of those in pages.mjs. */
export async function* amounts(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const connection = await installation.connect(app);
  const own = `/ks-pay/apps/${app}`;
  await signIn(page, names, own);
  const now = Math.floor(Date.now() / 1000);
  const search = async (text) => page.goto(`${own}/transactions?mode=test&q=${encodeURIComponent(text)}`);
  const transaction = async (payment) => {
    await search(payment);
    await page.locator("main tbody a").first().click();
    await page.getByRole("heading", { name: "What happened" }).waitFor();
  };

  const order = { order_id: "order_PaidTwice00001", acquirer_data: { rrn: "400000777001" } };
  await post(connection, captured("pay_PaidTwice000001", order), "evt_Amounts00000001");
  await post(connection, captured("pay_PaidTwice000002", { ...order, method: "card" }), "evt_Amounts00000002");
  await post(connection, captured("pay_PaidTwice000003", { ...order, method: "netbanking", acquirer_data: [] }), "evt_Amounts00000003");
  const receipt = `${names.app.slice(0, 100)} 7`;
  const paid = { payment: { entity: JSON.parse(captured("pay_PaidTwice000001", order)).payload.payment.entity },
    order: { entity: { id: order.order_id, amount: 129_900, currency: "INR", receipt } } };
  await post(connection, event("order.paid", paid, now), "evt_Amounts00000004");
  await transaction("pay_PaidTwice000001");
  await page.getByTestId("paid-more-than-once").waitFor();
  yield "transaction-paid-twice";
  await search(receipt);
  yield "transactions-found-by-receipt";

  await post(connection, captured("pay_Disputed0000001"), "evt_Amounts00000005");
  const dispute = (number, more) => ({ dispute: { entity: { id: `disp_Disputed00000${number}`, payment_id: "pay_Disputed0000001",
    amount: 39_000, currency: "INR", amount_deducted: 0, status: "open", respond_by: now + number * 5 * DAY, ...more } } });
  await post(connection, event("payment.dispute.created", dispute(1, {}), now + 1), "evt_Amounts00000006");
  await post(connection, event("payment.dispute.action_required", dispute(2, { amount: 20_000 }), now + 2), "evt_Amounts00000007");
  await post(connection, event("payment.dispute.lost", dispute(3, { amount: 10_000, amount_deducted: 10_000, status: "lost" }), now + 3), "evt_Amounts00000008");
  await transaction("pay_Disputed0000001");
  await page.getByTestId("dispute-to-answer").filter({ hasText: "₹390.00" }).waitFor();
  yield "transaction-disputes";

  await post(connection, captured("pay_Foreign00000001", { currency: "USD", amount: 10_000, method: "card", base_amount: 834_500, base_currency: "INR" }), "evt_Amounts00000009");
  await transaction("pay_Foreign00000001");
  await page.getByTestId("settled").waitFor();
  yield "transaction-foreign";

  const settlement = { settlement: { entity: { id: "setl_Amounts0000001", amount: 9_973_635, status: "processed", utr: "EXAMU00000000001", created_at: now } } };
  await post(connection, event("settlement.processed", settlement, now), "evt_Amounts00000010");
  await search("EXAMU00000000001");
  yield "transactions-found-settlement";
  await page.getByRole("link", { name: "Show the settlement" }).click();
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  yield "event-settlement";

  const timeless = JSON.parse(captured("pay_Timeless0000001"));
  delete timeless.created_at;
  await post(connection, JSON.stringify({ ...timeless, event: "subscription.charged" }), "evt_Amounts00000011");
  await transaction("pay_Timeless0000001");
  yield "transaction-of-borrowed-time";
  await page.getByRole("link", { name: "subscription.charged" }).first().click();
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  yield "event-of-borrowed-time";
}
