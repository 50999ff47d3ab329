// A browser and an installation for the tests of one `describe`.
import { after, before } from "node:test";

import { launch } from "./browser.mjs";
import { Installation } from "./ks_pay.mjs";

/**
 * To be called in a `describe`: its tests find `browser` and `installation` in what it returns. `prepare` gets the same
 * and may add to it. `environment` is what the installation is configured with.
 */
export function site(prepare = () => {}, environment = {}) {
  const site = {};
  before(async () => {
    site.installation = await Installation.start(environment);
    site.browser = await launch();
    await prepare(site);
  });
  after(async () => {
    await site.browser?.close();
    await site.installation?.remove();
  });
  return site;
}
