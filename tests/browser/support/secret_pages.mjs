// Secrets of the Webhook step: creating and retiring a secret, and every state of their list.
import { change } from "./database.mjs";
import { simulate } from "./ks_pay.mjs";
import { follow, leading, send, signIn } from "./steps.mjs";

const DAY = 86_400_000;

/** Opens the page that asks whether to retire a secret of that kind. */
const retire = (page, kind) => leading(page, () =>
  page.locator(".secrets li").filter({ has: page.getByTestId(`state-${kind}`) }).first().getByRole("link", { name: /^Retire now/ }).click());

/** Walks a webhook from its first secret to one that may be retired. */
export async function* secrets(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const { url, secret } = await installation.connect(app);
  const webhook = `/ks-pay/apps/${app}/settings/payment-gateways/razorpay/test/webhook`;
  await simulate(url, secret);
  await signIn(page, names, webhook);
  await follow(page, "Manage secrets");
  yield "secrets";
  await follow(page, "New secret");
  yield "rotation";
  await page.getByRole("radio").first().evaluate((choice) => { choice.value = "25"; });
  await send(page, "Create new secret");
  await page.locator("#overlap_hours-error").waitFor();
  yield "rotation-refused";
  await page.goto(`${webhook}/rotation`);
  await page.getByLabel("15 days").check();
  await send(page, "Create new secret");
  yield "webhook-rotated";
  await page.goto(`${webhook}/secrets`);
  yield "secrets-rotated";
  await retire(page, "generated");
  yield "retirement";
  await page.goto(`${webhook}/secrets/new?back=${webhook}/secrets`);
  yield "own-secret";
  await page.locator("main form").evaluate((form) => { form.noValidate = true; });
  await page.getByLabel("SECRET", { exact: true }).fill("razorpay12345");
  await send(page, "Add secret");
  await page.locator("#secret-error").filter({ hasText: "13" }).waitFor();
  yield "own-secret-refused";
  await page.getByLabel("SECRET", { exact: true }).fill("“kq8Zt2mVx0Lw9Rb4-of-their-shop”");
  await send(page, "Add secret");
  yield "secrets-with-own";
  const active = await page.locator(".secrets li").first().getAttribute("id");
  await page.goto(`${webhook}/secrets/${active}/retirement`);
  yield "retirement-of-the-active";

  await installation.run(["webhook", "rotate", "--app", app, "--gateway", "razorpay", "--mode", "test", "--json"]);
  await change(installation, `UPDATE secrets SET valid_until = ${Date.now() - DAY} WHERE created_by = 'the command line' AND state = 'additional'`);
  await page.goto(webhook);
  yield "webhook-before-has-ended";
  const { secrets: [newest] } = await installation.run(
    ["webhook", "show", "--app", app, "--gateway", "razorpay", "--mode", "test", "--json"]);
  await simulate(url, newest.secret);
  await page.goto(webhook);
  await page.getByTestId("rotation-overdue").waitFor({ state: "detached" });
  await page.goto("/ks-pay/settings"); // no stream is open while the server is away
  await change(installation, `UPDATE secret_usage SET first_verified_at = first_verified_at - ${2 * DAY}`);
  await change(installation, `UPDATE secrets SET created_at = created_at - ${2 * DAY}`);
  await page.goto(`${webhook}/secrets`);
  await page.getByTestId("safe-to-retire").first().waitFor();
  yield "secrets-safe-to-retire";
  await retire(page, "imported");
  yield "retirement-of-own";
  await page.goto(`${webhook}/secrets`);
  await retire(page, "generated");
  await page.getByTestId("secret-never-used").waitFor();
  yield "retirement-unused";
  await send(page, "Retire it now");
  await page.locator("#ended-secrets summary").click();
  yield "secrets-retired";
}
