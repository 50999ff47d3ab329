// Every page in every state: accessible, on every screen size, with any name. `npm run shots` takes its pictures.

import { alerts } from "../support/alert_pages.mjs";
import { amounts } from "../support/amount_pages.mjs";
import { automatic_refunds } from "../support/automatic_refund_pages.mjs";
import { automations } from "../support/automation_pages.mjs";
import { open } from "../support/browser.mjs";
import { confirmations } from "../support/confirmation_pages.mjs";
import { destinations } from "../support/destination_pages.mjs";
import { assertFitsNarrowly, inspect, picture } from "../support/inspect.mjs";
import { UNUSUAL, USUAL, apps, arrival, connection, payments } from "../support/pages.mjs";
import { long_lists, oddities, outages, plainly, publicly, refusals } from "../support/rare_pages.mjs";
import { refunds } from "../support/refund_pages.mjs";
import { secrets } from "../support/secret_pages.mjs";
import { site } from "../support/site.mjs";
import { describe, it } from "../support/test.mjs";
import { tokens } from "../support/token_pages.mjs";
import { diagnoses } from "../support/webhook_pages.mjs";

const areShot = process.env.KS_PAY_SHOTS !== undefined;

async function follow(t, at, walk, look) {
  const page = await open(t, at);
  for await (const name of walk(page, at)) await t.test(name, () => look(page, name));
}

/** The longest first. */
const WALKS = [connection, apps, secrets, arrival, confirmations, payments, amounts, refunds, oddities, diagnoses, destinations, tokens, alerts, automations, automatic_refunds, refusals, long_lists, outages, plainly, publicly];

// Each walk has a server and a browser of its own, and waits for them most of the time.
describe("every page", { concurrency: areShot ? 1 : 2 }, () => {
  for (const walk of WALKS) {
    const url = walk === publicly ? "https://pay.neemtree.example" : "http://pay.neemtree.example";
    const environment = [plainly, publicly].includes(walk) ? { KS_PAY_PUBLIC_URL: url } : {};
    if ([destinations, automations].includes(walk)) environment.KS_PAY_ALLOW_DESTINATIONS = "127.0.0.0/8";
    const site_of = (names) => site(async (at) => {
      at.names = names;
      if (walk !== arrival) await at.installation.addOwner(names);
    }, environment);

    describe(`the pages of ${walk.name}`, () => {
      const at = site_of(USUAL);
      if (areShot) it("are worth a look", (t) => follow(t, at, walk, picture));
      else it("are accessible in light and dark, on desktop and phone", (t) => follow(t, at, walk, inspect));
    });

    describe(`the pages of ${walk.name}, with very long names and Hindi ones`, { skip: areShot }, () => {
      const at = site_of(UNUSUAL);
      it("fit the narrowest screens", (t) => follow(t, at, walk, assertFitsNarrowly));
    });
  }
});
