// A stand-in for Razorpay's API, which answers as it is told.
import { createServer } from "node:http";

export class StandIn {
  #server;
  /** The status of every answer; 0 hangs up instead, as if Razorpay were out of reach. */
  status = 200;

  /** A new one, listening until `stop`. */
  static async start() {
    const standIn = new StandIn();
    standIn.#server = createServer((request, response) => {
      if (standIn.status === 0) return request.socket.destroy();
      response.writeHead(standIn.status, { "content-type": "application/json" }).end("{}");
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
