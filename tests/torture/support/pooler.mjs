// Connection pooler before PostgreSQL, as some are configured: forwards everything except the options that a session requests
// at its start.
import { proxied } from "./proxy.mjs";

/** Name of these options in the startup message. */
const ASKED = "options";

/** Listens until the case ends; returns its `port`, and the number of sessions from which it `took` options. */
export async function pooler(run, socketPath) {
  const proxy = { took: 0 };
  proxy.port = await proxied(run, socketPath, (client, database) => {
    database.pipe(client);
    let held = Buffer.alloc(0);
    const begin = (chunk) => {
      held = Buffer.concat([held, chunk]);
      if (held.length < 4 || held.length < held.readUInt32BE(0)) return;
      client.off("data", begin);
      const length = held.readUInt32BE(0);
      const told = withoutOptions(held.subarray(0, length));
      if (told.length < length) proxy.took++;
      database.write(Buffer.concat([told, held.subarray(length)]));
      client.pipe(database);
    };
    client.on("data", begin);
  });
  return proxy;
}

/** Returns a startup message without the options. Format: length, version, NUL-terminated names and values, NUL. */
function withoutOptions(message) {
  const texts = message.toString("latin1", 8, message.length - 1).split("\0").slice(0, -1);
  const pairs = texts.flatMap((name, at) => at % 2 ? [] : [[name, texts[at + 1]]]).filter(([name]) => name !== ASKED);
  const body = Buffer.from(pairs.map(([name, value]) => `${name}\0${value}\0`).join("") + "\0", "latin1");
  const head = Buffer.from(message.subarray(0, 8));
  head.writeUInt32BE(8 + body.length);
  return Buffer.concat([head, body]);
}
