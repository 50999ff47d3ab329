// Browser and installation for the tests of one `describe`.
import { launch } from "./browser.mjs";
import { Installation } from "./ks_pay.mjs";
import { StandIn } from "./stand_in.mjs";
import { after, before } from "./test.mjs";

/**
 * Call it in a `describe`: the tests find `browser` and `installation` in the returned object. `prepare` receives the same
 * object and may extend it. `environment` configures the installation. `api` replaces Razorpay's API.
 */
export function site(prepare = () => {}, environment = {}) {
  const site = {};
  before(async () => {
    site.api = await StandIn.start();
    site.installation = await Installation.start({ KS_PAY_RAZORPAY_API: site.api.url, ...environment });
    site.browser = await launch();
    await prepare(site);
  });
  after(async () => {
    await site.browser?.close();
    await site.installation?.remove();
    site.api?.stop();
  });
  return site;
}
