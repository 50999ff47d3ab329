// Official SDKs as references: Razorpay's own, and the reference library of Standard Webhooks. They accept the signatures of
// `ks-pay simulate`; and the server returns 200 for every request that they accept, and 401 for every other.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

import Razorpay from "razorpay";
import { Webhook } from "standardwebhooks";

import { Installation, simulate } from "./support/ks_pay.mjs";
import { recorder } from "./support/recorder.mjs";
import { after, before, describe, it } from "./support/test.mjs";

const LIFE_CYCLES = ["paid", "failed-then-paid", "partly-refunded", "disputed", "settled"];
const STANDARD_EVENTS = ["invoice.created", "invoice.paid", "invoice.overdue", "invoice.voided"];
/** Accepted clock difference of a signed time, in seconds: the reference library's own bound. */
const TOLERANCE = 5 * 60;

/** Returns whether the reference accepts a request as authentic. */
const isRazorpays = ({ headers, body }, secret) => {
  const signature = headers["x-razorpay-signature"];
  return signature !== undefined && Razorpay.validateWebhookSignature(body, signature, secret);
};
const isStandard = ({ headers, body }, secret) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

async function post(url, { headers, body }) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  await answer.arrayBuffer();
  return answer.status;
}

/** Asserts that reference and server agree on the request, with the expected result. */
async function agree(connection, isAuthentic, request, expected) {
  assert.equal(isAuthentic(request, connection.secret), expected, "the SDK's verdict");
  assert.equal(await post(connection.url, request), expected ? 200 : 401, "the server's answer");
}

const without = (headers, name) => Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
const flipped = (text, at) => text.slice(0, at) + (text[at] === "a" ? "b" : "a") + text.slice(at + 1);

describe("Razorpay's SDK", () => {
  let installation, connection;
  before(async () => {
    installation = await Installation.start();
    const { company } = await installation.addOwner();
    connection = await installation.connect(await installation.addApp(company));
  });
  after(() => installation.remove());

  for (const lifeCycle of LIFE_CYCLES) {
    it(`accepts what simulate signs: ${lifeCycle}`, async (t) => {
      const { url, requests } = await recorder(t);
      const { code, sent } = await simulate(`${url}/webhooks/anything`, connection.secret, ["--life-cycle", lifeCycle]);
      assert.equal(code, 0);
      assert.ok(sent > 0 && requests.length === sent);
      for (const request of requests) {
        assert.ok(isRazorpays(request, connection.secret), "the SDK's verdict");
        assert.ok(!isRazorpays(request, flipped(connection.secret, 0)), "under another secret");
        assert.equal(await post(connection.url, { body: request.body, headers: signedOnly(request.headers) }), 200);
      }
      const ids = requests.map(({ headers }) => headers["x-razorpay-event-id"]);
      assert.equal(new Set(ids).size, ids.length, "every event has an id of its own");
    });
  }

  // The connection's own headers (host, length) belong to the recorded request, not to the next.
  const signedOnly = ({ "x-razorpay-event-id": id, "x-razorpay-signature": signature }) =>
    ({ "x-razorpay-event-id": id, "x-razorpay-signature": signature });

  // The SDK does not create webhook signatures; this is the computation that it checks.
  const body = JSON.stringify({ entity: "event", event: "payment.captured", payload: { note: "₹500 – धन्यवाद 🙏" } });
  const sign = (text, secret) => createHmac("sha256", secret).update(text).digest("hex");
  const request = (changed = {}) => {
    const headers = { "x-razorpay-event-id": "event1", "x-razorpay-signature": sign(body, connection.secret) };
    return { body, headers, ...changed };
  };
  const withSignature = (signature) => request({ headers: { "x-razorpay-signature": signature } });

  const cases = [
    ["a signed body", true, () => request()],
    ["a signed body with spaces and line ends of its own", true, () => {
      const spaced = `${body.replaceAll(":", ": ")}\r\n`;
      return { body: spaced, headers: { "x-razorpay-signature": sign(spaced, connection.secret) } };
    }],
    ["a body that only looks the same", false, () => request({ body: JSON.stringify(JSON.parse(body), null, 1) })],
    ["a changed amount", false, () => request({ body: body.replace("500", "501") })],
    ["a body with a byte more", false, () => request({ body: `${body}\n` })],
    ["an empty body under another's signature", false, () => request({ body: "" })],
    ["another secret", false, () => withSignature(sign(body, flipped(connection.secret, 3)))],
    ["an empty secret", false, () => withSignature(sign(body, ""))],
    ["a signature cut short", false, () => withSignature(sign(body, connection.secret).slice(0, 62))],
    ["a signature with one digit changed", false, () => withSignature(flipped(sign(body, connection.secret), 10))],
    ["a signature in base64", false, () => withSignature(Buffer.from(sign(body, connection.secret), "hex").toString("base64"))],
    ["a signature with its scheme before it", false, () => withSignature(`sha256=${sign(body, connection.secret)}`)],
    ["an empty signature", false, () => withSignature("")],
    ["no signature", false, () => request({ headers: { "x-razorpay-event-id": "event1" } })],
  ];
  for (const [name, expected, make] of cases) {
    it(`${expected ? "accepts" : "rejects"} as the server does: ${name}`, () => agree(connection, isRazorpays, make(), expected));
  }
});

describe("Standard Webhooks' reference library", () => {
  let installation, connection;
  before(async () => {
    installation = await Installation.start();
    const { company } = await installation.addOwner();
    connection = await installation.connect(await installation.addApp(company), "standard-webhooks");
  });
  after(() => installation.remove());

  for (const event of STANDARD_EVENTS) {
    it(`accepts what simulate signs: ${event}`, async (t) => {
      const { url, requests } = await recorder(t);
      const args = ["--gateway", "standard-webhooks", "--event", event, "--count", "3"];
      const { code, sent } = await simulate(`${url}/webhooks/anything`, connection.secret, args);
      assert.equal(code, 0);
      assert.ok(sent === 3 && requests.length === 3);
      for (const request of requests) {
        assert.ok(isStandard(request, connection.secret), "the library's verdict");
        assert.ok(!isStandard(request, `whsec_${flipped(connection.secret.slice(6), 0)}`), "under another secret");
      }
    });
  }

  const body = JSON.stringify({ type: "invoice.paid", timestamp: "2026-11-22T10:00:00Z", data: { note: "₹500 – धन्यवाद" } });
  const now = () => Math.floor(Date.now() / 1000);
  let count = 0;
  const request = ({ seconds = now(), secret = connection.secret, ...changed } = {}) => {
    const id = `msg_${count += 1}`;
    const signature = new Webhook(secret).sign(id, new Date(seconds * 1000), body);
    const headers = { "webhook-id": id, "webhook-timestamp": `${seconds}`, "webhook-signature": signature };
    return { body, headers, ...changed };
  };
  const withHeader = (name, change) => {
    const { headers } = request();
    return { body, headers: { ...headers, [name]: change(headers[name]) } };
  };
  const withoutHeader = (name) => ({ body, headers: without(request().headers, name) });
  const other = () => `whsec_${flipped(connection.secret.slice(6), 0)}`;

  const cases = [
    ["what it signs", true, () => request()],
    ["one good signature among several", true, () => withHeader("webhook-signature", (good) => `v1a,AAAA v1,AAAA ${good}`)],
    ["a time nearly five minutes ago", true, () => request({ seconds: now() - TOLERANCE + 20 })],
    ["a time nearly five minutes ahead", true, () => request({ seconds: now() + TOLERANCE - 20 })],
    ["an old time", false, () => request({ seconds: now() - TOLERANCE - 20 })],
    ["a time to come", false, () => request({ seconds: now() + TOLERANCE + 20 })],
    ["a changed body", false, () => request({ body: body.replace("500", "501") })],
    ["a body that only looks the same", false, () => request({ body: JSON.stringify(JSON.parse(body), null, 1) })],
    ["another secret", false, () => request({ secret: other() })],
    ["another id", false, () => withHeader("webhook-id", (id) => `${id}0`)],
    ["another time", false, () => withHeader("webhook-timestamp", (seconds) => `${Number(seconds) + 1}`)],
    ["a time in words", false, () => withHeader("webhook-timestamp", () => "soon")],
    ["a signature of another version", false, () => withHeader("webhook-signature", (good) => good.replace("v1", "v2"))],
    ["a signature without its version", false, () => withHeader("webhook-signature", (good) => good.slice(3))],
    ["a signature cut short", false, () => withHeader("webhook-signature", (good) => good.slice(0, -4))],
    ["no signature", false, () => withoutHeader("webhook-signature")],
    ["no id", false, () => withoutHeader("webhook-id")],
    ["no time", false, () => withoutHeader("webhook-timestamp")],
  ];
  for (const [name, expected, make] of cases) {
    it(`${expected ? "accepts" : "rejects"} as the server does: ${name}`, () => agree(connection, isStandard, make(), expected));
  }
});
