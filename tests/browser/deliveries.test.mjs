// Deliveries as a receiver sees them: the official library makes the same signatures, the JSON Schema accepts every normalized
// body, and the code in docs/receiving.md works. The fixtures are what src/deliveries makes: its unit tests compare them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { Webhook } from "standardwebhooks";

import { after, before, describe, it } from "./support/test.mjs";

const read = (path) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");
const VECTORS = JSON.parse(await read("tests/fixtures/delivery_signatures.json"));
const BODIES = (await read("tests/fixtures/normalized_events.jsonl")).trim().split("\n").map((line) => JSON.parse(line));
const SCHEMA = JSON.parse(await read("docs/normalized-event.schema.json"));
const DOCUMENT = await read("docs/receiving.md");

/** Returns the blocks of code in a language. */
const blocks = (language) => [...DOCUMENT.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter((found) => found[1] === language).map((found) => found[2]);

/** Changes a copy of a value. */
const changed = (value, change) => {
  const copy = structuredClone(value);
  change(copy);
  return copy;
};

describe("a delivery's signature", () => {
  for (const { id, timestamp, body, secrets, signature } of VECTORS) {
    it(`is the one that the official library makes and verifies: ${id}`, (t) => {
      const at = new Date(timestamp * 1000);
      assert.equal(signature, secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" "));
      t.mock.method(Date, "now", () => at.getTime());
      const headers = { "webhook-id": id, "webhook-timestamp": `${timestamp}`, "webhook-signature": signature };
      for (const secret of secrets) new Webhook(secret).verify(body, headers, { jsonParse: false });
      const verify = (text) => new Webhook(secrets[0]).verify(text, headers, { jsonParse: false });
      assert.throws(() => verify(`${body} `), /No matching signature/);
    });
  }
});

describe("the schema of normalized events", () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  addFormats(ajv);
  const validate = ajv.compile(SCHEMA);
  const isAccepted = (body) => validate(body);

  it("accepts every body", () => {
    assert.ok(BODIES.length > 30);
    for (const body of BODIES) assert.ok(isAccepted(body), `${body.type}: ${ajv.errorsText(validate.errors)}`);
    for (const text of blocks("json")) assert.ok(isAccepted(JSON.parse(text)), `docs: ${ajv.errorsText(validate.errors)}`);
    assert.equal(blocks("json").length, 2);
  });

  const sample = BODIES.find((body) => body.data.dispute);
  const refund = BODIES.find((body) => body.data.refund);
  const changes = BODIES.find((body) => body.data.automation);
  const objects = [
    [sample, []], [sample, ["data"]], [sample, ["data", "payment"]], [sample, ["data", "dispute"]], [sample, ["data", "links"]],
    [refund, ["data", "refund"]], [changes, ["data", "automation"]], [changes, ["data", "automation", "change"]],
  ].map(([body, path]) => ({ body, path, within: (copy) => path.reduce((object, key) => object[key], copy) }));

  it("accepts what a later version adds", () => {
    for (const { body, path, within } of objects) {
      assert.ok(isAccepted(changed(body, (copy) => { within(copy).later = { id: 1 }; })), `a key in ${path.join(".")}`);
    }
    const added = (body) => {
      body.type = "payout.created";
      body.data.origin = "reconciled";
      body.data.payment.status = body.data.payment.failure = body.data.dispute.status = "of_a_later_version";
    };
    assert.ok(isAccepted(changed(sample, added)));
  });

  it("requires every key, in its type", () => {
    let count = 0;
    for (const { body, path, within } of objects) {
      for (const key of Object.keys(within(body))) {
        assert.ok(!isAccepted(changed(body, (copy) => { delete within(copy)[key]; })), `without ${[...path, key].join(".")}`);
        assert.ok(!isAccepted(changed(body, (copy) => { within(copy)[key] = true; })), `true for ${[...path, key].join(".")}`);
        count += 2;
      }
    }
    assert.ok(count > 60, `${count}`);
    assert.ok(!isAccepted(changed(sample, (copy) => { copy.data.payment.amount = 649.5; })), "an amount with a fraction");
  });
});

describe("the code in docs/receiving.md", () => {
  const secret = VECTORS[0].secrets[0];
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ks-pay-docs-"));
    await symlink(fileURLToPath(new URL("node_modules", import.meta.url)), join(folder, "node_modules"));
    await writeFile(join(folder, "store.mjs"), `
      export const stored = new Map();
      export async function store(id, body) {
        if (id === "ev_outage") throw new Error("the database is away");
        stored.set(id, body);
      }`);
    const [receiver, gateway] = blocks("js");
    await writeFile(join(folder, "receiver.mjs"), receiver);
    await writeFile(join(folder, "gateway.mjs"), gateway);
    Object.assign(process.env, { WEBHOOK_SECRET: secret, RAZORPAY_WEBHOOK_SECRET: "a secret of the gateway" });
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const load = (name) => import(pathToFileURL(join(folder, name)));

  it("receives what is signed, and rejects the rest", async (t) => {
    const { server } = await load("receiver.mjs");
    const { stored } = await load("store.mjs");
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const post = async (id, { body, signed = body, by = [secret] }) => {
      const now = new Date();
      const signature = by.map((key) => new Webhook(key).sign(id, now, signed)).join(" ");
      const headers = {
        "webhook-id": id, "webhook-timestamp": `${Math.floor(now / 1000)}`, "webhook-signature": signature,
      };
      return (await fetch(`http://127.0.0.1:${server.address().port}/`, { method: "POST", headers, body })).status;
    };
    const [, , { secrets: [other] }] = VECTORS;
    assert.equal(await post("ev_1", { body: JSON.stringify(BODIES[0]) }), 204);
    assert.equal(await post("ev_2", { body: "a=form&that=is no JSON" }), 204);
    assert.equal(await post("ev_3", { body: "{}", by: [other, secret] }), 204, "during a rotation");
    assert.equal(await post("ev_4", { body: "{}", by: [other] }), 401);
    assert.equal(await post("ev_5", { body: "{ }", signed: "{}" }), 401);
    assert.equal(await post("ev_outage", { body: "{}" }), 503);
    assert.deepEqual([...stored.keys()], ["ev_1", "ev_2", "ev_3"]);
    assert.equal(stored.get("ev_2").toString(), "a=form&that=is no JSON");
  });

  it("accepts what the gateway has signed", async () => {
    const { isRazorpays } = await load("gateway.mjs");
    // Signed with a secret by openssl, so that neither side of the comparison is the SDK's.
    const body = Buffer.from('{"event":"payment.captured","note":"₹500"}');
    const output = execFileSync("openssl", ["dgst", "-sha256", "-hmac", process.env.RAZORPAY_WEBHOOK_SECRET], { input: body });
    const headers = { "x-razorpay-signature": output.toString().trim().split(" ").at(-1) };
    assert.ok(isRazorpays(body, headers));
    assert.ok(!isRazorpays(Buffer.concat([body, Buffer.from("\n")]), headers));
    assert.ok(!isRazorpays(body, {}));
  });

  it("is Python", () => {
    const [code] = blocks("python");
    execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: code });
  });
});
