// A browser and an installation for the tests of one `describe`.
import { launch } from "./browser.mjs";
import { Installation } from "./ks_pay.mjs";
import { StandIn } from "./stand_in.mjs";
import { after, before } from "./test.mjs";

/**
 * To be called in a `describe`: its tests find `browser` and `installation` in what it returns. `prepare` gets the same
 * and may add to it. `environment` is what the installation is configured with. `api` stands in for Razorpay's.
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
