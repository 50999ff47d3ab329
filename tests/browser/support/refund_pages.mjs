// The page that refunds a payment: without keys, with its form and errors, and the payment with its refunds in every state.
import { captured, post } from "./razorpay.mjs";
import { send, signIn } from "./steps.mjs";

const PAYMENT = "pay_Refunded0000001";

/** Walk in the form of those in pages.mjs. */
export async function* refunds(page, { installation, names, api }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const connection = await installation.connect(app);
  const own = `/ks-pay/apps/${app}`;
  await signIn(page, names, own);
  await post(connection, captured(PAYMENT), "evt_Refunds00000001");
  await page.goto(`${own}/transactions?mode=test&q=${PAYMENT}`);
  await page.locator("main tbody a").first().click();
  await page.getByTestId("refund-without-keys").waitFor();
  yield "transaction-without-keys";
  const payment = new URL(page.url()).pathname;
  await page.goto(`${payment}/refund`);
  await page.getByTestId("no-keys").waitFor();
  yield "refund-without-keys";

  await page.goto(`${own}/settings/payment-gateways/razorpay/test/credentials`);
  await page.getByLabel("Key ID").fill("rzp_test_Demo0000000001");
  await page.getByLabel("Key Secret").fill("demo-key-secret-0001");
  await send(page, "Submit");
  const { amount } = JSON.parse(captured(PAYMENT)).payload.payment.entity;
  const entity = { id: PAYMENT, status: "captured", amount, currency: "INR", amount_refunded: 1_000, created_at: 1_795_343_400 };
  api.body = JSON.stringify(entity);
  const refund = async (password, note = "") => {
    await page.goto(`${payment}/refund`);
    await page.getByLabel("Amount to refund").fill("100");
    await page.getByLabel("Note").fill(note);
    await page.getByLabel("Your password").fill(password);
    await send(page, "Refund");
  };
  await page.goto(`${payment}/refund`);
  await page.getByTestId("left-to-refund").waitFor();
  yield "refund";
  await page.getByLabel("Amount to refund").fill("9,99,99,999");
  await page.getByLabel("Your password").fill(names.password);
  await send(page, "Refund");
  await page.locator("#amount-error").waitFor();
  yield "refund-refused";
  api.status = 500;
  await page.goto(`${payment}/refund`);
  await page.getByTestId("server-error").waitFor();
  yield "refund-unreachable";
  api.status = 200;

  api.refund = { status: 400, body: JSON.stringify({ error: { description: `${names.name} ${names.company}`.repeat(3) } }) };
  await refund(names.password, names.app.slice(0, 200));
  await page.getByTestId("state-rejected").waitFor();
  const refunded = { id: "rfnd_Refunded000001", payment_id: PAYMENT, amount: 10_000, currency: "INR" };
  api.refund = { status: 200, body: JSON.stringify(refunded) };
  await refund(names.password, "Wrong size");
  await page.getByTestId("state-confirmed").waitFor();
  api.refund = { status: 500, body: "{}" };
  await refund(names.password);
  await page.getByTestId("state-unknown").waitFor();
  yield "transaction-refund-requests";
  await page.goto(`${payment}/refund`);
  await page.getByTestId("refund-in-progress").waitFor();
  yield "refund-in-progress";
}
