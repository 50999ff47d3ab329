// nginx and Caddy in front of an installation, as README configures them.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const README = fileURLToPath(new URL("../../../README.md", import.meta.url));
/** Timeout for a proxy to listen, in milliseconds. */
const LISTEN_TIMEOUT_MS = 30_000;
/** Grace period of a proxy for open responses, in milliseconds; without it Caddy waits for streams. */
const GRACE = 5_000;
/**
 * Host name of README's examples. A page of that name over plain http is not a secure context, whichever address it resolves
 * to.
 */
export const HOST = "pay.example.com";
/** Resolves that name to this machine in Chromium. */
export const RESOLVE = [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`];

/** Returns an address of this machine other than loopback: browsers trust all of 127.0.0.0/8 like https. */
export function secondAddress() {
  const found = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === "IPv4" && !internal);
  assert.ok(found, "This machine has no address but loopback: give it one, for example with ip link add type dummy.");
  return found.address;
}

/** Returns a port that is currently free. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Returns README's example in that language, with replacements for this test; each replacement must apply. */
async function example(fence, replacements) {
  const readme = await readFile(README, "utf8");
  const block = [...readme.matchAll(/```(\w*)\n(.*?)```/gs)].find(([, kind, text]) => kind === fence.kind && text.includes(fence.with));
  assert.ok(block, `README has no example with ${fence.with}.`);
  return replacements.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `README's example has no ${from}.`);
    return text.replace(from, to);
  }, block[2]);
}

function certificate(directory) {
  const [certificate, key] = [join(directory, "pay.pem"), join(directory, "pay.key")];
  const made = spawnSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
    "-days", "2", "-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`, "-keyout", key, "-out", certificate]);
  assert.equal(made.status, 0, `openssl made no certificate: ${made.error ?? made.stderr}`);
  return { certificate, key };
}

async function nginx({ directory, port, backend, isPlain }) {
  const tls = certificate(directory);
  const listen = isPlain ? `listen 127.0.0.1:${port};` : `listen 127.0.0.1:${port} ssl;`;
  const server = await example({ kind: "nginx", with: "proxy_pass" }, [
    ["listen 443 ssl;", listen], ["/etc/ssl/pay.example.com.pem", tls.certificate], ["/etc/ssl/pay.example.com.key", tls.key],
    ["http://127.0.0.1:8080", backend],
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${directory}/${kind};`);
  const user = process.getuid() === 0 ? "user root root;" : "";
  await writeFile(join(directory, "nginx.conf"), `daemon off; ${user} pid ${directory}/nginx.pid; error_log stderr;
    events {} http { access_log off; ${temporary.join(" ")}\n${server} }`);
  const command = existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
  return spawn(command, ["-p", directory, "-e", "stderr", "-c", join(directory, "nginx.conf")], { stdio: ["ignore", "ignore", "pipe"] });
}

async function caddy({ directory, port, backend, isPlain }) {
  const tls = certificate(directory);
  const site = isPlain ? `http://${HOST}:${port} {\n\tbind 127.0.0.1`
    : `https://${HOST}:${port} {\n\tbind 127.0.0.1\n\ttls ${tls.certificate} ${tls.key}`;
  const server = await example({ kind: "", with: "reverse_proxy" }, [[`${HOST} {`, site], ["127.0.0.1:8080", new URL(backend).host]]);
  await writeFile(join(directory, "Caddyfile"), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${server}`);
  const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  return spawn("caddy", ["run", "--config", join(directory, "Caddyfile"), "--adapter", "caddyfile"],
    { env, stdio: ["ignore", "ignore", "pipe"] });
}

const KINDS = { nginx, caddy };

/** Starts a proxy of that kind at the port, in front of `backend`; returns it with its `stop`. */
export async function startProxy(kind, { port, backend, isPlain = false }) {
  const directory = await mkdtemp(join(tmpdir(), "ks-pay-proxy-"));
  const child = await KINDS[kind]({ directory, port, backend, isPlain });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => { log += text; });
  const ended = new Promise((resolve) => child.on("error", (error) => { log += error; resolve(); }).on("close", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), GRACE);
    await ended;
    clearTimeout(late);
    await rm(directory, { recursive: true, force: true });
  };
  let hasEnded = false;
  ended.then(() => { hasEnded = true; });
  for (const until = Date.now() + LISTEN_TIMEOUT_MS; !await listens(port);) {
    if (hasEnded || Date.now() > until) {
      await stop();
      throw new Error(`${kind} does not listen.\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { stop };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => { socket.destroy(); resolve(true); }).on("error", () => resolve(false));
  });
}
