// Walks through the page that asks for the password, for each kind of sensitive action.
import { change } from "./database.mjs";
import { leading, send, signIn } from "./steps.mjs";

/** Walk in the form of those in pages.mjs. */
export async function* confirmations(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  await installation.connect(app);
  await installation.run(["webhook", "rotate", "--app", app, "--gateway", "razorpay", "--mode", "test", "--json"]);
  const settings = `/ks-pay/apps/${app}/settings`;
  const gateways = `${settings}/payment-gateways`;
  const confirm = async () => {
    await page.getByLabel("Your password").fill(names.password);
    await send(page, "Confirm and continue");
  };
  /** Simulates a password entered more than 15 minutes ago, from a page without a stream. */
  const later = async (path) => {
    await page.goto("/ks-pay/settings");
    await change(installation, "UPDATE sessions SET confirmed_at = confirmed_at - 1000000");
    await page.goto(path);
  };

  await signIn(page, names, "/ks-pay/settings");
  await later(`${gateways}/razorpay/test/credentials`);
  await page.getByLabel("Key ID").fill("rzp_test_Demo0000000001");
  await page.getByLabel("Key Secret").fill("demo-key-secret-0001");
  await send(page, "Submit");
  await page.getByTestId("confirm-password").waitFor();
  yield "confirm-keys";
  await confirm();
  await page.getByTestId("flash").filter({ hasText: "Razorpay" }).waitFor();

  await later(`${gateways}/razorpay/test/webhook/secrets`);
  await page.getByRole("link", { name: /^Retire now/ }).first().click();
  await send(page, "Retire it now");
  await page.getByTestId("confirm-password").waitFor();
  yield "confirm-retirement";
  await confirm();

  await later(gateways);
  await leading(page, () => page.getByRole("button", { name: /^Disable\s+Razorpay/ }).click());
  await send(page, "Disable");
  await page.getByTestId("confirm-password").filter({ hasText: "Razorpay" }).waitFor();
  yield "confirm-gateway-disable";
  await page.getByLabel("Your password").fill("not the password");
  await send(page, "Confirm and continue");
  await page.locator("#current_password-error").waitFor();
  yield "confirm-gateway-disable-refused";
  await confirm();
  await page.getByTestId("flash").filter({ hasText: "Razorpay" }).waitFor();

  await later(settings);
  await send(page, "Disable the app");
  await send(page, "Disable the app");
  await page.getByTestId("confirm-password").filter({ hasText: names.app }).waitFor();
  yield "confirm-app-disable";
  await confirm();
  await page.getByTestId("flash").waitFor();
}
