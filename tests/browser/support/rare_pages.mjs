// Walks through rare pages: unusual events, long lists, server failures, and a public server.
import { captured, post, refused } from "./razorpay.mjs";
import { change, whileLocked } from "./database.mjs";
import { simulate } from "./ks_pay.mjs";
import { follow, leading, send, signIn } from "./steps.mjs";

/** Events with anomalies, and one whose body was deleted. */
export async function* oddities(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const connection = await installation.connect(app);
  const own = `/ks-pay/apps/${app}`;
  await signIn(page, names, own);
  const look = async (filter, name) => {
    await page.goto(`${own}/events?${filter}`);
    await page.locator("main tbody th a").first().click();
    await page.getByRole("heading", { name: "Timeline" }).waitFor();
    return name;
  };

  const body = captured("pay_OddEvents00001");
  await post(connection, body, "evt_OddEvents000001");
  await post(connection, body, "evt_OddEvents000002");
  await post(connection, body, "evt_OddEvents000002");
  yield await look("status=processed", "event-received-again");
  await post(connection, captured("pay_OddEvents00001", { notes: { gift: "wrapped" } }), "evt_OddEvents000001");
  yield await look("status=conflict", "event-conflict");
  await follow(page, "Open the first event");
  await page.getByTestId("received-again").filter({ hasText: "3 " }).waitFor();
  await page.getByRole("link", { name: /^tx_/ }).click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  yield "transaction-conflict";
  await post(connection, captured("pay_OddEvents00002", { amount: "129900", notes: { gift: `शुभ दीपावली ${"x".repeat(300)}` } }), "evt_OddEvents000003");
  yield await look("status=quarantined", "event-quarantined");
  await post(connection, Buffer.from([...Buffer.from('{"event": "payment.captured", "notes": "'), 0xff, 0xfe, 0x22]), "evt_OddEvents000004");
  yield await look("status=quarantined", "event-not-json");
  await post(connection, "", "evt_OddEvents000005");
  yield await look("status=quarantined", "event-empty");
  await post(connection, JSON.stringify({ event: "subscription.charged", notes: "x".repeat(70_000) }), "evt_OddEvents000006");
  yield await look("status=unhandled", "event-unhandled");
  await page.goto(`${own}/events`);
  yield "events-odd";
  await change(installation, "DELETE FROM event_payloads");
  yield await look("status=processed", "event-body-deleted");
  await page.getByRole("link", { name: /^tx_/ }).first().click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  yield "transaction-body-deleted";
}

/** Rejected requests: reason, cause and recovery. */
export async function* refusals(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const connection = await installation.connect(app);
  const live = await installation.connect(app, "razorpay", "live");
  const other = await installation.addApp(names.company, `${names.app.slice(0, 240)} 2`, names.email);
  const neighbour = await installation.connect(other);
  const own = `/ks-pay/apps/${app}`;
  const list = `${own}/rejections?mode=test`;
  await signIn(page, names, list);
  yield "rejections-empty";
  const row = (cause) => page.getByTestId(`cause-${cause}`).first();
  const refuse = async (secret, body, cause) => {
    await refused({ url: connection.url, secret }, body, "evt_Refused0000001");
    for (let tries = 0; tries < 50 && await row(cause).count() === 0; tries += 1) await page.goto(list);
  };
  const notes = { gift: `शुभ दीपावली ${"x".repeat(300)}` };
  await refuse("somebody else's own secret", captured("pay_Refused0000001", { notes }), "signature-mismatch");
  await refuse("somebody else's own secret", captured("pay_Refused0000002"), "signature-mismatch");
  await leading(page, () => row("signature-mismatch").click());
  yield "rejection-unknown";
  await refuse(live.secret, captured("pay_Refused0000001"), "other-mode");
  await refuse(neighbour.secret, captured("pay_Refused0000001"), "other-app");
  await row("other-app").click();
  await page.getByRole("heading", { name: "What to do" }).waitFor();
  yield "rejection-other-app";
  await page.goto(`${own}/settings/payment-gateways/razorpay/test/webhook`);
  await page.getByTestId("cause-other-app").waitFor();
  yield "webhook-diagnosed";
  await change(installation, "UPDATE connections SET is_enabled = FALSE");
  await refuse(connection.secret, captured("pay_Refused0000003"), "disabled");
  await row("disabled").click();
  await page.getByTestId("enable-first").waitFor();
  yield "rejection-disabled";
  await change(installation, "UPDATE connections SET is_enabled = TRUE");
  await page.reload();
  await page.getByTestId("requests-verify").waitFor();
  yield "rejection-recoverable";
  await page.goto("/ks-pay/settings"); // no stream is open while the server is away
  await change(installation, "UPDATE sessions SET confirmed_at = confirmed_at - 1000000");
  await page.goBack();
  await send(page, "Recover this request");
  await page.getByRole("heading", { name: "Confirm your password" }).waitFor();
  yield "confirm";
  await page.getByLabel("Your password").fill("not the password");
  await send(page, "Confirm and continue");
  await page.locator("#current_password-error").waitFor();
  yield "confirm-refused";
  await page.getByLabel("Your password").fill(names.password);
  await send(page, "Confirm and continue");
  await page.getByTestId("flash").filter({ hasText: "1 " }).waitFor();
  yield "rejection-recovered";
  await page.goto(list);
  yield "rejections";
  await page.goto(`${own}?mode=test`);
  yield "overview-with-rejections";
  await page.goto(`${own}/events?mode=test`);
  await page.locator("main tbody th a").first().click();
  await page.getByTestId("was-rejected").waitFor();
  yield "event-recovered";
  await change(installation, "DELETE FROM rejected_requests");
  await page.goto(list);
  await page.locator("main tbody th a").first().click();
  await page.getByTestId("request-not-stored").waitFor();
  yield "rejection-not-kept";
}

/** Lists of more than one page. */
export async function* long_lists(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const { url, secret } = await installation.connect(app);
  await simulate(url, secret, ["--count", "120"]);
  await signIn(page, names, `/ks-pay/apps/${app}`);
  for (const list of ["events", "transactions"]) {
    await page.goto(`/ks-pay/apps/${app}/${list}`);
    yield `${list}-newest`;
    await follow(page, "Older");
    yield `${list}-between`;
    await follow(page, "Older");
    yield `${list}-oldest`;
  }
}

/** Pages shown while the server cannot do its work. */
export async function* outages(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  await installation.connect(app);
  await signIn(page, names, `/ks-pay/apps/${app}/settings/domain`);
  await page.getByRole("textbox", { name: "Domain" }).fill(names.domain);
  await whileLocked(installation, () => send(page, "Save"));
  await page.getByRole("heading", { name: "The database isn’t responding" }).waitFor();
  yield "unavailable";
  await page.goBack();
  await page.getByRole("textbox", { name: "Domain" }).fill(names.domain);
  await send(page, "Save");
  await page.getByTestId("flash").waitFor();
  await change(installation, "DROP TABLE url_checks");
  await page.goto(`/ks-pay/apps/${app}/settings/payment-gateways/razorpay/test/webhook`);
  await page.getByRole("heading", { name: "Something went wrong on our side" }).waitFor();
  yield "broken";
}

/** Differences where the server is reached over plain http: see `environment` in the test. */
export async function* plainly(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  await page.goto("/login");
  await page.getByTestId("plain-http").waitFor();
  yield "login-plain-http";
  await signIn(page, names, "/");
  yield "dashboard-plain-http";
  await page.goto(`/ks-pay/apps/${app}?mode=test`);
  yield "overview-plain-http";
  await page.goto("/nowhere");
  yield "not-found-plain-http";
}

/** Differences where the server is publicly reachable: see `environment` in the test. */
export async function* publicly(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  await installation.connect(app);
  await signIn(page, names, `/ks-pay/apps/${app}/settings/payment-gateways/razorpay/test/webhook`);
  await page.getByTestId("url-allowed").waitFor();
  yield "webhook-public";
}
