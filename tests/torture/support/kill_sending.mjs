// Load, kill -9 of the server while it sends deliveries, restart; many times on one database.
import { setTimeout as pause } from "node:timers/promises";

import { rows } from "./installation.mjs";
import { Receiver } from "./receiver.mjs";
import { Traffic } from "./traffic.mjs";

/** Events a second: fewer than are sent, so that some are being sent whenever the server is killed. */
const RATE = 300;
/** Timeout until everything is delivered after the last start, in milliseconds: several attempts and their delays. */
const DELIVERED_WITHIN = 300_000;
const OPEN = ["waiting", "sending"];

const deliveries = async (installation) => rows(await installation.run(["deliveries", "export", "--jsonl"]));

/** Waits until no delivery is open; returns those that are. */
async function delivered(installation) {
  const late = Date.now() + DELIVERED_WITHIN;
  for (;;) {
    const open = (await deliveries(installation)).filter(({ state }) => OPEN.includes(state));
    if (!open.length || Date.now() > late) return open;
    await pause(500);
  }
}

/** The environment in which destinations may be on this machine. */
export const OPEN_TO_DESTINATIONS = { KS_PAY_ALLOW_DESTINATIONS: "127.0.0.0/8" };

/**
 * Demands that each stored event reaches the destination at least once, under its own id, with its own bytes. The destination refuses
 * some the first time. `expire` is called before each start and ends the claims of the server that was killed, `execute` runs SQL while
 * there is no server.
 */
export async function killSending(run, installation, { expire = () => {}, execute }) {
  const receiver = await Receiver.start(run);
  const added = await installation.run(["destination", "add", "--app", installation.app, "--mode", "test", "--name", "Shop", "--url", receiver.url, "--json"]);
  const { destination } = JSON.parse(added);
  const serve = async () => {
    await expire();
    await installation.serve();
  };

  const rounds = run.of(10, 100);
  const traffic = new Traffic(run);
  let sending = 0;
  for (let round = 0; round < rounds; round++) {
    await serve();
    const load = traffic.pour(installation.connection, { rate: RATE });
    await pause(run.random.between(200, 900));
    await installation.kill();
    await load.end();
    sending += (await deliveries(installation)).filter(({ state }) => state === "sending").length;
  }
  run.say(`${rounds} rounds; ${sending} deliveries were being sent when the server was killed`);
  await serve();
  const open = await delivered(installation);
  run.demand(!open.length, "after the last start everything is delivered", open);
  const events = await installation.events();
  const { missing, unknown, changed } = receiver.judge(events);
  run.say(`${events.length} events, of which ${receiver.repeated} were received more than once`);
  run.demand(!missing.length, "every stored event was received", missing);
  run.demand(!unknown.length, "what was received is stored", unknown);
  run.demand(!changed.length, "under an id the bytes are always those that the gateway sent", changed);
  run.control(sending > 0, "deliveries were being sent when the server was killed", sending);

  // Without its delivery an event is missing.
  await installation.run(["destination", "pause", "--destination", destination]);
  // Some of them are duplicates, which have no delivery.
  const more = traffic.pour(installation.connection, { connections: 1, most: 20 });
  await more.done;
  await installation.stop();
  await execute("DELETE FROM deliveries WHERE state = 'waiting'");
  await installation.run(["destination", "resume", "--destination", destination]);
  await serve();
  await delivered(installation);
  const planted = receiver.judge(await installation.events());
  run.control(planted.missing.length > 0, "an event whose delivery was deleted is missing", planted.missing);
}
