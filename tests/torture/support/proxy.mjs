// TCP proxy before PostgreSQL's socket, for faults between the two. Without TLS only.
import { connect, createServer } from "node:net";

/** Listens until the case ends, and returns the port. `talk(client, database, end)` forwards the data, or ends both. */
export async function proxied(run, socketPath, talk) {
  const open = new Set();
  const server = createServer((client) => {
    const database = connect(socketPath);
    const end = () => { client.destroy(); database.destroy(); open.delete(end); };
    open.add(end);
    for (const socket of [client, database]) socket.setNoDelay(true).on("error", end).on("close", end);
    talk(client, database, end);
  });
  run.later(() => { server.close(); for (const end of open) end(); });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}
