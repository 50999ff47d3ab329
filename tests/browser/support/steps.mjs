// User actions on the pages, by their visible labels.

/** Runs an action that leads to another page, and waits for that page. */
export async function leading(page, act) {
  const [, result] = await Promise.all([page.waitForEvent("framenavigated"), act()]);
  await page.waitForLoadState();
  return result;
}

/** Presses the button that submits a form. */
export const send = (page, name) => leading(page, () => page.getByRole("button", { name, exact: true }).click());

/** Follows a link. */
export const follow = (page, name) => leading(page, () => page.getByRole("link", { name, exact: true }).click());

/** Signs in at the sign-in form; `target` is the page that was requested while signed out. */
export async function signIn(page, { email, password }, target = "/login") {
  await page.goto(target);
  await page.getByLabel("Enter Your Email").fill(email);
  await page.getByLabel("Enter Password").fill(password);
  await send(page, "Sign In");
}

/** Signs out from the account menu. */
export async function signOut(page) {
  await page.locator("summary", { hasText: "account menu" }).click();
  await send(page, "Sign out");
}

/** Sets up the installation at its one-time link. */
export async function setUp(page, link, { company, name, email, password }) {
  await page.goto(link);
  await page.getByLabel("Company Name").fill(company);
  await page.getByLabel("Your Name").fill(name);
  await page.getByLabel("Your Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await send(page, "Create company and sign in");
}

/** Registers an app, from the list of apps. */
export async function addApp(page, { name, email }) {
  await follow(page, "Add App");
  await page.getByLabel("App Name").fill(name);
  await page.getByLabel("Email", { exact: true }).fill(email);
  await page.getByLabel("Country").selectOption("IN");
  await send(page, "Add App");
}

/** Goes from an app's own pages to its Payment Gateway Settings. */
export async function toPaymentGatewaySettings(page, app) {
  await leading(page, () => page.getByRole("navigation", { name: app }).getByRole("link", { name: "Settings" }).click());
  await follow(page, "Payment Gateway Settings");
}

/** Adds Razorpay in Test mode there, which leads to the Webhook step of the connection. */
export async function addRazorpay(page) {
  await page.getByLabel("Payment gateway", { exact: true }).selectOption({ label: "Razorpay" });
  await page.getByLabel("Test: no real money").check();
  await send(page, "Add Gateway");
  await page.getByRole("heading", { name: "Copy the URL and secret" }).waitFor();
}

/** Returns the link of a step in the stepper; its text includes the state of the step. */
export const step = (page, name) => page.getByRole("list", { name: "Set-up steps" }).getByRole("link", { name });

/** Returns the Evidence panel. */
export const evidence = (page) => page.getByRole("region", { name: "Evidence" });

/** Returns the element with that hook, its `data-testid` or its id, whose text contains a value. */
export const shown = (page, hook, value = undefined) =>
  page.locator(`[data-testid="${hook}"], [id="${hook}"]`).filter({ hasText: value }).first();

/** Loads the page again until it shows that element. */
export async function reloadUntil(page, ...wanted) {
  for (let tries = 0; tries < 100 && await shown(page, ...wanted).count() === 0; tries += 1) await page.reload();
  await shown(page, ...wanted).waitFor();
}
