// Synthetic payments, reported by events of the documented shapes, and the expected final state of each.
//
// The final state is written next to the events and not derived as the product derives it, so the two can differ.
import { createHash } from "node:crypto";

/** Base time of the payments, in Unix seconds. */
const AT = 1_795_343_400;

/** Kinds of life cycles: the events, and the payment's state once all of them are known, in any order. */
const KINDS = [
  (p) => ({ events: [p.is("authorized", 0), p.is("captured", 5), p.paid(6)], status: "captured" }),
  (p) => ({ events: [p.is("failed", 0), p.is("authorized", 9), p.is("captured", 12)], status: "captured" }),
  (p) => ({ events: [p.is("failed", 0)], status: "failed" }),
  (p) => ({ events: [p.is("authorized", 0)], status: "authorized" }),
  (p) => {
    const part = Math.floor(p.amount * 0.3);
    const refund = [p.refund("pending", "a", part, part, 60), p.refund("processed", "a", part, part, 70)];
    return { events: [p.is("authorized", 0), p.is("captured", 5), ...refund], status: "captured", refunded: part };
  },
  (p) => {
    const part = Math.floor(p.amount * 0.6);
    const refunds = [p.refund("processed", "a", part, part, 60), p.refund("processed", "b", p.amount - part, p.amount, 90)];
    return { events: [p.is("captured", 5), ...refunds], status: "refunded", refunded: p.amount };
  },
  (p) => ({ events: [p.is("captured", 5), ...p.disputed("won")], status: "captured" }),
  (p) => ({ events: [p.is("captured", 5), ...p.disputed("lost")], status: "captured", disputed: true }),
];

/** Returns a new life cycle: `{ payment, events: [{ id, payment, body, sha256 }], outcome }`. One in ten is shuffled. */
export function story(random, mark, number) {
  const payment = `pay_${mark}${String(number).padStart(9, "0")}`;
  const teller = new Teller(payment, random.between(100, 10_000_000), number);
  const { events, status, refunded = 0, disputed = false } = random.pick(KINDS)(teller);
  const told = events.map(({ body }, index) => {
    const bytes = Buffer.from(body);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { id: `evt_${mark}${String(number).padStart(9, "0")}${index}`, payment, body: bytes, sha256 };
  });
  const updated_at = (AT + number + Math.max(...events.map(({ after }) => after))) * 1000;
  const outcome = { status, amount: teller.amount, amount_refunded: refunded, disputed, updated_at };
  return { payment, events: random.happens(0.1) ? random.shuffled(told) : told, outcome };
}

/** Writes events about one payment. */
class Teller {
  constructor(payment, amount, number) {
    this.payment = payment;
    this.amount = amount;
    this.at = AT + number;
  }

  /** Returns the payment's own event, `after` seconds after its creation. */
  is(status, after) {
    return this.#event(`payment.${status}`, { payment: this.#entity(status) }, after);
  }

  paid(after) {
    return this.#event("order.paid", { payment: this.#entity("captured") }, after);
  }

  /** Returns a refund of `amount`, after which `total` is refunded. */
  refund(status, which, amount, total, after) {
    const refund = { id: `rfnd_${which}_${this.payment}`, entity: "refund", amount, currency: "INR", payment_id: this.payment,
      status, created_at: this.at + after };
    const payment = this.#entity(total === this.amount ? "refunded" : "captured", total);
    return this.#event(status === "pending" ? "refund.created" : `refund.${status}`, { payment, refund }, after);
  }

  /** Returns a dispute from its creation to its end. */
  disputed(end) {
    return [this.#dispute("created", "open", 100), this.#dispute(end, end, 200)];
  }

  #dispute(event, status, after) {
    const dispute = { id: `disp_${this.payment}`, entity: "dispute", payment_id: this.payment, amount: this.amount, currency: "INR",
      status };
    return this.#event(`payment.dispute.${event}`, { payment: this.#entity("captured"), dispute }, after);
  }

  #event(event, entities, after) {
    const payload = Object.fromEntries(Object.entries(entities).map(([name, entity]) => [name, { entity }]));
    const body = { entity: "event", account_id: "acc_Torture0000001", event, contains: Object.keys(entities), payload,
      created_at: this.at + after };
    return { body: JSON.stringify(body), after };
  }

  #entity(status, refunded = 0) {
    return { id: this.payment, entity: "payment", amount: this.amount, currency: "INR", status, order_id: `order_of_${this.payment}`,
      method: "upi", amount_refunded: refunded, email: "someone@customers.example", contact: "+919000000000", notes: [],
      created_at: this.at };
  }
}
