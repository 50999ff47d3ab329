// Proxy that responds with 200 and forwards the request afterwards: simulates a server that acknowledges before it stores, the
// fault that the cases must detect, for a control.
import { Agent, createServer, request } from "node:http";

/** Delay between acknowledgement and storage, in milliseconds. */
const LATER = 20;

/** Listens in front of a server until the case ends; returns the connection to post to. */
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
