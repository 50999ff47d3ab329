// What the cases are there to find: a server that answers 200 before it stores. A proxy that answers at once and hands the
// request on a moment later, for a control.
import { Agent, createServer, request } from "node:http";

/** How long what was acknowledged is not stored, in milliseconds. */
const LATER = 20;

/** Stands before a server until the case ends; returns the connection to post to. */
export async function liar(run, connection) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const server = createServer((incoming, answer) => {
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      answer.writeHead(200, { "content-length": 0 }).end();
      const { host, port } = connection;
      setTimeout(() => {
        request({ agent, host, port, method: "POST", path: incoming.url, headers: incoming.headers }, (late) => late.resume())
          .on("error", () => {}).end(Buffer.concat(chunks));
      }, LATER);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  run.later(() => { server.closeAllConnections(); server.close(); agent.destroy(); });
  return { ...connection, port: server.address().port };
}
