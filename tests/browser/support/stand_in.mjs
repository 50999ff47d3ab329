// Fake Razorpay API with a configurable response.
import { createServer } from "node:http";

export class StandIn {
  #server;
  /** Status of every response; 0 closes the connection instead, as if Razorpay were unreachable. */
  status = 200;
  /** Body of every response. */
  body = "{}";
  /** Status and body of the responses to refunds, if they are others. */
  refund = undefined;

  /** Starts a fake that listens until `stop`. */
  static async start() {
    const standIn = new StandIn();
    standIn.#server = createServer((request, response) => {
      if (standIn.status === 0) return request.socket.destroy();
      const own = request.method === "POST" ? standIn.refund : undefined;
      const { status, body } = own ?? standIn;
      request.resume();
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    await new Promise((resolve) => standIn.#server.listen(0, "127.0.0.1", resolve));
    return standIn;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
