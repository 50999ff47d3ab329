// What a screen reader finds on the wizard, the lists, the menus and the search, in its order.
import { open } from "../support/browser.mjs";
import { captured, post, refused } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { assertTree } from "../support/snapshots.mjs";
import { reloadUntil, signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";
import { proven } from "../support/webhook_pages.mjs";

describe("the accessibility tree", () => {
  const at = site(async (at) => {
    at.owner = await at.installation.addOwner();
    at.app = await at.installation.addApp(at.owner.company);
    at.connection = await at.installation.connect(at.app);
  });

  it("of the wizard, the lists, the menus and the search is as it was reviewed", async (t) => {
    const page = await open(t, at);
    const of_app = `/ks-pay/apps/${at.app}`;
    const step = `${of_app}/settings/payment-gateways/razorpay/test/webhook`;
    await signIn(page, at.owner, step);
    await page.getByTestId("evidence-waiting").waitFor();
    await assertTree(page, "webhook-waiting", page.locator("main"));
    await page.goto(`${step}/secrets`);
    await assertTree(page, "webhook-secrets", page.locator("main"));

    await post(at.connection, captured("pay_Tree0000000001"), "evt_Tree0000000001");
    await page.goto(step);
    await page.getByTestId("evidence-verified").waitFor();
    await assertTree(page, "webhook-verified", page.locator("main"));
    await page.goto(`${of_app}/transactions?mode=test`);
    await assertTree(page, "transactions");
    await page.goto(`${of_app}/events?mode=test`);
    await assertTree(page, "events", page.locator("main"));
    await refused({ ...at.connection, secret: `${at.connection.secret} ` }, captured("pay_Tree0000000002"), "evt_Tree0000000002");
    await proven(at.installation, "test");
    await page.goto(`${of_app}/rejections?mode=test`);
    await reloadUntil(page, "cause-secret-with-space");
    await assertTree(page, "rejections", page.locator("main"));

    await page.getByTestId("switcher").locator("summary").click();
    await assertTree(page, "app-switcher", page.getByTestId("switcher"));
    await page.keyboard.press("Escape");
    await page.locator("summary", { hasText: "account menu" }).click();
    await assertTree(page, "account-menu", page.locator("details.menu[open]"));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+K");
    await page.getByRole("dialog").waitFor();
    await assertTree(page, "search", page.getByRole("dialog"));
  });
});
