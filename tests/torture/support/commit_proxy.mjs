// A TCP proxy before PostgreSQL that cuts the connection instead of delivering the reply to a COMMIT: the commit happened and
// the client cannot know. It reads the protocol only as far as that needs, and only without TLS.
import { connect, createServer } from "node:net";

/** Listens until the case ends; cuts one reply to COMMIT in so many while `isCutting`. */
export async function commitProxy(run, socketPath, probability) {
  const proxy = { cuts: 0, isCutting: false };
  const open = new Set();
  const server = createServer((client) => {
    const database = connect(socketPath);
    const end = () => { client.destroy(); database.destroy(); open.delete(end); };
    open.add(end);
    for (const socket of [client, database]) socket.setNoDelay(true).on("error", end).on("close", end);
    client.pipe(database);
    let held = Buffer.alloc(0);
    database.on("data", (chunk) => {
      held = Buffer.concat([held, chunk]);
      // Every message is a letter and a length that counts itself.
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
  run.later(() => { server.close(); for (const end of open) end(); });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.port = server.address().port;
  return proxy;
}
