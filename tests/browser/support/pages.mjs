// Every page of the console in every state with a distinct appearance, as walks: each goes from page to page and names its
// current state. The consumer of a walk inspects each page; a new page is added here and thereby inspected in every way.
import { simulate } from "./ks_pay.mjs";
import { captured, refused } from "./razorpay.mjs";
import { follow, send, setUp, signIn, signOut, step } from "./steps.mjs";
import { proven } from "./webhook_pages.mjs";

/** Names of typical length. */
export const USUAL = {
  company: "Neem Tree Crafts", name: "Meera Iyer", email: "meera@neemtree.example", password: "four unrelated quiet words",
  app: "Neem Tree Shop", domain: "shop.neemtree.example",
};
/** Names that break careless layouts: very long ones, one word without a break, and Devanagari. */
export const UNUSUAL = {
  company: "श्री लक्ष्मीनारायण हस्तशिल्प एवं ग्रामोद्योग सहकारी समिति", name: "Venkatanarasimharajuvaripeta Subrahmanyeswara", password: USUAL.password,
  email: "procurement.and.grievances.of.upper.chhatarpalli@grand-umbrella-emporium.example",
  app: "जुगनूलालटेनघरजुगनूलालटेनघरजुगनूलालटेनघर, TheGrandUmbrellaGumbootRaincoatAndGeneralMonsoonOutfittingEmporiumOfUpperChhatarpalli (Established in the Rain)",
  domain: "the-grand-umbrella-gumboot-raincoat-and-general-monsoon.outfitting-emporium-of-upper-chhatarpalli.example",
};

const settingsOf = (app) => `/ks-pay/apps/${app}/settings`;
const gatewaysOf = (app) => `${settingsOf(app)}/payment-gateways`;

/** From a new installation to its owner's first page, with every error on the way. */
export async function* arrival(page, { installation, names }) {
  await page.goto(installation.setupLink);
  yield "setup";
  await setUp(page, installation.setupLink, { ...names, company: "x", password: "short" });
  yield "setup-refused";
  await page.goto("/login");
  await page.getByTestId("not-set-up").waitFor();
  yield "login-before-setup";
  await page.goto("/login/forgotten");
  yield "forgotten";
  await signIn(page, names);
  await page.getByRole("alert").waitFor();
  yield "login-refused";
  await page.goto("/setup?token=gone");
  yield "setup-over";
  await setUp(page, installation.setupLink, names);
  yield "dashboard-empty";
  await page.locator("summary", { hasText: "account menu" }).click();
  yield "account-menu";
  await page.goto("/personal-info");
  yield "personal-info";
  await page.getByLabel("Old Password").fill("not the old one");
  await page.getByLabel("New Password", { exact: true }).fill("short");
  await page.getByLabel("Confirm New Password").fill("other");
  await send(page, "Update Password");
  yield "personal-info-refused";
  await page.goto("/applications");
  yield "applications";
  await page.goto("/settings");
  yield "settings";
  await page.getByLabel("Company Name").fill("x");
  await send(page, "Save");
  yield "settings-refused";
  await page.goto("/nowhere");
  yield "not-found";
  await page.goto("/settings");
  await page.locator("main [name=csrf_token]").evaluate((field) => { field.value = "forged"; });
  await send(page, "Save");
  yield "forged";
  await page.goto("/logout");
  yield "wrong-method";
  await page.goto("/");
  await signOut(page);
  yield "login";
}

/** The list of apps and an app's own settings, from the first app on. */
export async function* apps(page, { installation, names }) {
  await signIn(page, names, "/ks-pay");
  yield "apps-empty";
  await page.goto("/ks-pay/settings");
  yield "choose-empty";
  await page.goto("/ks-pay/apps/new");
  yield "app-new";
  await page.locator("main form").evaluate((form) => { form.noValidate = true; });
  await page.getByLabel("Email", { exact: true }).fill("no e-mail");
  await page.getByLabel("Phone").fill("no phone");
  await send(page, "Add App");
  yield "app-new-refused";

  await installation.addApp(names.company, names.app, names.email);
  const second = await installation.addApp(names.company, `${names.app.slice(0, 240)} 2`, names.email);
  await page.goto(settingsOf(second));
  await page.locator("main form[method=post]").first().evaluate((form) => { form.noValidate = true; });
  await page.getByLabel("Email", { exact: true }).fill("no e-mail");
  await send(page, "Save");
  yield "app-general-refused";
  await page.goto(settingsOf(second));
  yield "app-general";
  await send(page, "Disable the app");
  yield "app-disable";
  await send(page, "Disable the app");
  yield "app-disabled";
  await page.goto(`${settingsOf(second)}/domain`);
  yield "app-domain";
  await page.getByRole("textbox", { name: "Domain" }).fill("https://no/domain");
  await send(page, "Save");
  yield "app-domain-refused";
  await page.getByRole("textbox", { name: "Domain" }).fill(names.domain);
  await send(page, "Save");
  yield "app-domain-stored";
  await page.goto("/ks-pay");
  yield "apps";
  await page.goto("/ks-pay?q=nothing");
  yield "apps-none-found";
  await page.goto(`/ks-pay/settings?app=${second}`);
  yield "choose";
  await page.goto("/ks-pay/settings?go=1");
  yield "choose-refused";
  await page.goto(`/ks-pay/apps/${second}/settings`);
  await page.getByTestId("switcher").locator("summary").click();
  yield "switcher";
  await page.goto(`/search?app=${second}&mode=test`);
  yield "search";
  await page.goto(`/search?app=${second}&mode=test&q=nothing+like+this`);
  yield "search-none";
  await page.goto(`/search?q=${"x".repeat(201)}`);
  yield "search-refused";
  await page.goto("/");
  yield "dashboard";
}

/** A gateway's four steps, in every state of its webhook. */
export async function* connection(page, { installation, names, api }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  await signIn(page, names, gatewaysOf(app));
  yield "gateways-empty";
  await page.locator("main [name=mode]").evaluateAll((choices) => choices.forEach((choice) => { choice.checked = false; }));
  await send(page, "Add Gateway");
  yield "gateway-refused";
  const { url, secret } = await installation.connect(app);
  const at = `${gatewaysOf(app)}/razorpay/test`;

  await page.goto(`${at}/credentials`);
  yield "credentials";
  await sendKeys(page, "rzp_live_1DP5mmOlF5G5ag");
  yield "credentials-of-live";
  api.status = 401;
  await sendKeys(page, "rzp_test_1DP5mmOlF5G5ag");
  await page.locator("#key_secret-error").waitFor();
  yield "credentials-refused";
  api.status = 0;
  await sendKeys(page, "rzp_test_1DP5mmOlF5G5ag");
  await page.getByTestId("keys-unchecked").waitFor();
  yield "credentials-unreachable";
  await page.goto(`${at}/credentials`);
  await page.getByTestId("keys-unchecked").waitFor();
  yield "credentials-unchecked";
  api.status = 401;
  await send(page, "Check again");
  await page.locator("#key_secret-error").waitFor();
  yield "credentials-stored-refused";
  api.status = 200;
  await page.goto(`${at}/credentials`);
  await send(page, "Check again");
  await page.locator(".flash.is-good").waitFor();
  yield "credentials-accepted";
  await page.reload();
  await step(page, "Credentials").getByTestId("state-accepted").waitFor();
  yield "credentials-stored";

  await page.goto(`${at}/webhook`);
  yield "webhook-not-started";
  await send(page, "Reveal secret");
  yield "webhook-revealed";
  await page.goto(`${at}/webhook`);
  await send(page, "Mark as done");
  yield "webhook-pending";
  await page.goto("/ks-pay/settings");
  await fetch(url, { method: "POST", body: "{}" });
  await simulate(url, "another secret than this one");
  await page.goto(`${at}/webhook`);
  await page.getByTestId("evidence-only-rejected").waitFor();
  yield "webhook-rejected";
  await simulate(url, secret);
  await refused({ url, secret: `${secret} ` }, captured("pay_Failing0000001"), "evt_Failing0000001");
  await proven(installation, "test");
  await page.goto(`${at}/webhook`);
  await page.getByTestId("state-failing").waitFor();
  yield "webhook-failing";
  await page.goto("/");
  yield "dashboard-trouble";
  await page.goto("/ks-pay");
  yield "apps-trouble";
  await simulate(url, secret, ["--life-cycle", "partly-refunded"]);
  await page.goto(`${at}/webhook`);
  yield "webhook-verified";

  await page.goto(`${at}/integration`);
  yield "integration";
  await send(page, "Mark as done");
  yield "integration-done";
  await page.goto(`${at}/security`);
  yield "security";
  await page.getByRole("textbox", { name: "Domain" }).fill("https://no/domain");
  await send(page, "Save domain");
  yield "security-refused";
  await page.getByRole("textbox", { name: "Domain" }).fill(names.domain);
  await send(page, "Save domain");
  yield "security-stored";

  const other = await installation.connect(app, "standard-webhooks");
  await page.goto(`${gatewaysOf(app)}/standard-webhooks/test/webhook`);
  yield "sender-webhook";
  await simulate(other.url, other.secret, ["--gateway", "standard-webhooks"]);
  await page.goto(`${gatewaysOf(app)}/standard-webhooks/test/integration`);
  yield "sender-integration";
  await page.goto(gatewaysOf(app));
  yield "gateways";
  await page.getByRole("button", { name: /^Disable\s+Razorpay/ }).click();
  await page.getByRole("heading", { name: /^Disable Razorpay/ }).waitFor();
  yield "gateway-disable";
  await send(page, "Disable");
  yield "gateways-disabled";
  await page.goto(`${at}/webhook`);
  yield "webhook-disabled";
  await page.goto("/");
  yield "dashboard-switched-off";
  await page.goto("/ks-pay");
  yield "apps-switched-off";
  await page.goto(settingsOf(app));
  await send(page, "Disable the app");
  await send(page, "Disable the app");
  await page.goto(`/ks-pay/apps/${app}`);
  yield "overview-disabled";
  await page.goto(`${at}/webhook`);
  yield "webhook-both-disabled";
  await page.goto("/");
  yield "dashboard-disabled";
}

async function sendKeys(page, keyId) {
  await page.getByLabel("Key ID").fill(keyId);
  await page.getByLabel("Key Secret").fill("thisissuperduper");
  await send(page, "Submit");
}

/** Overview, transactions and events, initially empty. */
export async function* payments(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const own = `/ks-pay/apps/${app}`;
  await signIn(page, names, own);
  yield "overview-empty";
  await page.goto(`${own}/transactions`);
  yield "transactions-empty";
  await page.goto(`${own}/events`);
  yield "events-empty";

  const { url, secret } = await installation.connect(app);
  for (const story of ["paid", "failed-then-paid", "partly-refunded", "disputed", "settled"]) {
    await simulate(url, secret, ["--life-cycle", story, "--count", "2"]);
  }
  await simulate(url, secret, ["--event", "payment.failed"]);
  await page.goto(own);
  yield "overview";
  await page.locator("main details summary").click();
  yield "overview-table";
  await page.goto(`${own}?mode=live`);
  yield "overview-live";
  await page.goto(`${own}/transactions?mode=test`);
  yield "transactions";
  await page.getByTestId("filter-date").locator("summary").click();
  yield "transactions-filter";
  await page.goto(`${own}/transactions?status=refunded`);
  yield "transactions-none-found";
  await page.goto(`${own}/transactions?from=2024-02-01&to=2024-01-01&q=tx_short`);
  yield "transactions-refused";
  await page.goto(`${own}/events`);
  yield "events";
  await page.goto(`${own}/events?type=nothing.such&status=conflict`);
  yield "events-none-found";
  await page.goto(`${own}/events?status=nothing.such`);
  yield "events-refused";

  await page.goto(`${own}/events?type=refund.processed`);
  await page.locator("main tbody a").first().click();
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  yield "event";
  await page.locator("main details summary").first().click();
  yield "event-raw";
  await page.getByTestId("curl").locator("summary").click();
  await page.getByRole("link", { name: "Show all of it" }).click();
  await page.evaluate(() => scrollTo(0, 0));
  yield "event-curl";
  await page.getByRole("listitem").getByRole("link", { name: /^tx_/ }).click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  yield "transaction-refunded";
  await page.goto(`${own}/events?type=payment.dispute.created`);
  await page.locator("main tbody a").first().click();
  await page.getByRole("listitem").getByRole("link", { name: /^tx_/ }).click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  yield "transaction-disputed";
}
