// Requests that `ks-pay simulate` never sends: arbitrary bodies, signed as Razorpay signs.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

/** Posts a body under an event id, signed with the connection's secret; it must be accepted. */
export async function post(connection, body, eventId) {
  assert.equal(await answer(connection, body, eventId), 200);
}

/** Posts a body in the same way; it must be rejected. */
export async function refused(connection, body, eventId) {
  assert.equal(await answer(connection, body, eventId), 401);
}

async function answer({ url, secret }, body, eventId) {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = { "content-type": "application/json", "x-razorpay-event-id": eventId, "x-razorpay-signature": signature };
  return (await fetch(url, { method: "POST", headers, body })).status;
}

/** Returns an event about one payment in Razorpay's format; `changed` overrides fields of the payment. */
export function captured(id, changed = {}) {
  const created_at = Math.floor(Date.now() / 1000);
  const entity = { id, entity: "payment", amount: 129_900, currency: "INR", status: "captured", order_id: `order_${id.slice(4)}`,
    method: "upi", amount_refunded: 0, notes: [], created_at, ...changed };
  return JSON.stringify({ entity: "event", account_id: "acc_Demo0000000001", event: "payment.captured",
    payload: { payment: { entity } }, created_at });
}

/** Returns an event with any payload. */
export function event(name, payload, created_at) {
  return JSON.stringify({ entity: "event", account_id: "acc_Demo0000000001", event: name, payload, created_at });
}
