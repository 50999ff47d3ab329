// The wall clock jumps under load: a day ahead, 20 years ahead, back, a day back. Events are still accepted, none is lost or
// stored twice, a session gets a page or the sign-in page, and nothing panics.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { torture } from "../support/case.mjs";
import { allWell, nothingLost } from "../support/final_checks.mjs";
import { Installation, OWNER } from "../support/installation.mjs";
import { library } from "../support/native.mjs";
import { Traffic } from "../support/traffic.mjs";

const DAY = 86_400;
const YEARS = 20 * 365 * DAY;

await torture(async (run) => {
  const shim = library(run, "clock_shift");
  const control = join(run.directory(), "shift");
  const installation = await Installation.make(run);
  await installation.serve({ env: { LD_PRELOAD: shim, CLOCK_SHIFT: control } });
  const session = await signIn(installation);
  run.demand((await session.look()) === 200, "the owner is signed in");
  const traffic = new Traffic(run);
  const load = traffic.pour(installation.connection, { rate: 300 });
  const seen = [];
  for (const shift of [0, DAY, YEARS, DAY, 0, -DAY, 60, 0]) {
    writeFileSync(control, String(shift));
    await traffic.flows();
    await pause(run.of(250, 3000));
    const [status, ready] = [await session.look(), await installation.get("/readyz")];
    seen.push({ shift, status, ready, again: await (await signIn(installation)).look() });
  }
  await load.end();
  for (const { shift, status, ready, again } of seen) {
    run.say(`clock off by ${shift} s: page ${status}, /readyz ${ready}, signed in anew ${again}`);
  }
  run.demand(seen.every(({ status }) => [200, 303].includes(status)), "an old session gets the page or sign-in, never an error", seen);
  run.demand(seen.every(({ again }) => again === 200), "one can sign in whatever the clock says", seen);
  run.demand(seen.every(({ ready }) => ready === 200), "/readyz stays 200", seen);
  const odd = traffic.answers.filter(({ status }) => status !== 200);
  run.demand(!odd.length, "every event is accepted", odd);
  run.demand(!/panic/i.test(installation.log), "nothing panics", installation.complaints());
  const rows = await nothingLost(run, installation, traffic, { isFelt: false });
  const years = new Set(rows.map(({ received_at }) => new Date(received_at).getUTCFullYear()));
  run.control(Math.max(...years) - Math.min(...years) >= 19, `the shift is felt: events were received in ${[...years].join(", ")}`);
  await allWell(run, installation, traffic);
});

/** Signs the owner in as a browser without scripts does. */
async function signIn({ connection: { host, port } }) {
  const url = `http://${host}:${port}`;
  const cookies = new Map();
  const ask = async (path, options = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url + path, { redirect: "manual", ...options, headers: { cookie, connection: "close", ...options.headers } });
    for (const line of answer.headers.getSetCookie()) cookies.set(...line.split(";")[0].split(/=(.*)/).slice(0, 2));
    return { status: answer.status, text: await answer.text() };
  };
  const { text } = await ask("/login");
  const token = text.match(/name="?csrf_token"? value="([^"]+)"/)?.[1];
  const form = new URLSearchParams({ csrf_token: token, ...OWNER });
  await ask("/login", { method: "POST", body: form, headers: { origin: url } });
  return { look: async () => (await ask("/")).status };
}
