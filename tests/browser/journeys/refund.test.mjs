// A refund from the page of its payment: it shows the outcome by itself, and by a link with scripts off.
import { open, stays } from "../support/browser.mjs";
import { captured, event, post } from "../support/razorpay.mjs";
import { site } from "../support/site.mjs";
import { follow, send, shown, signIn } from "../support/steps.mjs";
import { describe, it } from "../support/test.mjs";

/** Returns the badge of the payment, in that state. */
const state = (page, hook) => page.locator(`#payment-state[data-testid="state-${hook}"]`);

const KEYS = ["rzp_test_Demo0000000001", "demo-key-secret-0001"];

describe("a refund", () => {
  const at = site(async (at) => { at.owner = await at.installation.addOwner(); });

  /** Refunds a payment in full in its own app; returns its page, and what reports that the refund was processed. */
  async function refunded(t, number, options) {
    const { installation, owner, api } = at;
    const app = await installation.addApp(owner.company, `Shop ${number}`);
    const connection = await installation.connect(app);
    const [id, refund] = [`pay_Returned000000${number}`, `rfnd_Returned00000${number}`];
    const body = captured(id);
    const { entity } = JSON.parse(body).payload.payment;
    await post(connection, body, `evt_Returned000000${number}`);
    const page = await open(t, at, options);
    await signIn(page, owner, `/ks-pay/apps/${app}/settings/payment-gateways/razorpay/test/credentials`);
    await page.getByLabel("Key ID").fill(KEYS[0]);
    await page.getByLabel("Key Secret").fill(KEYS[1]);
    await send(page, "Submit");

    api.body = JSON.stringify(entity);
    api.refund = { status: 200, body: JSON.stringify({ id: refund, payment_id: id, amount: entity.amount, currency: "INR" }) };
    await page.goto(`/ks-pay/apps/${app}/transactions?mode=test&q=${id}`);
    await page.locator("main tbody a").first().click();
    await follow(page, "Refund");
    await page.getByLabel("Your password").fill(owner.password);
    await send(page, "Refund");
    await shown(page, "refund-request", "Accepted").waitFor();
    await state(page, "captured").waitFor();
    const report = () => {
      const whole = { entity: { ...entity, status: "refunded", amount_refunded: entity.amount, refund_status: "full" } };
      const own = { entity: { id: refund, entity: "refund", payment_id: id, amount: entity.amount, currency: "INR",
        status: "processed", notes: [], created_at: entity.created_at } };
      return post(connection, event("refund.processed", { payment: whole, refund: own }, entity.created_at + 1), `evt_Back0000000000${number}`);
    };
    return { page, report };
  }

  it("changes the payment on its page when the gateway reports it, without a reload", async (t) => {
    const { page, report } = await refunded(t, 1);
    await stays(page, async () => {
      await report();
      await state(page, "refunded").waitFor();
      await page.getByTestId("look-again").waitFor({ state: "detached" });
    });
  });

  it("shows with scripts off what the gateway reported, by a link", async (t) => {
    const { page, report } = await refunded(t, 2, { javaScriptEnabled: false });
    await report();
    await follow(page, "Look again");
    await state(page, "refunded").waitFor();
  });
});
