// TCP proxy before PostgreSQL that cuts the connection instead of delivering the reply to a COMMIT: the commit happened and the
// client cannot know. Parses the protocol only as far as this requires.
import { proxied } from "./proxy.mjs";

/** Listens until the case ends; cuts a reply to COMMIT with this probability while `isCutting`. */
export async function commitProxy(run, socketPath, probability) {
  const proxy = { cuts: 0, isCutting: false };
  proxy.port = await proxied(run, socketPath, (client, database, end) => {
    client.pipe(database);
    let held = Buffer.alloc(0);
    database.on("data", (chunk) => {
      held = Buffer.concat([held, chunk]);
      // Every message is a letter and a length that includes itself.
      let whole = 0;
      while (held.length - whole >= 5) {
        const length = 1 + held.readUInt32BE(whole + 1);
        if (held.length - whole < length) break;
        const isCommit = held[whole] === 0x43 && held.toString("latin1", whole + 5, whole + length - 1) === "COMMIT";
        if (isCommit && proxy.isCutting && run.random.happens(probability)) {
          proxy.cuts++;
          return end();
        }
        whole += length;
      }
      if (whole) client.write(held.subarray(0, whole));
      held = Buffer.from(held.subarray(whole));
    });
  });
  return proxy;
}
