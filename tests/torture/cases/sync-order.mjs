// Each 200 is sent after the sync that covers the event's frame in the WAL, according to the system calls in strace: with eight
// connections, the frame being identified by the event's id in it. Independent of the method of power-cut.
//
// Controls: with a response right after the frame, and without any sync, every response is found to be too early.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { torture } from "../support/case.mjs";
import { ended, Installation } from "../support/installation.mjs";
import { Traffic } from "../support/traffic.mjs";

await torture(async (run) => {
  const there = await ended("strace", ["-V"]).catch(() => undefined);
  if (there?.code !== 0) run.skip("strace is not here, or may not trace; install the Debian package strace");
  const installation = await Installation.make(run);
  const trace = join(run.directory(), "trace");
  const calls = "pwrite64,fsync,fdatasync,sendto,sendmsg,writev,write";
  // The tracer is a grandchild, so that the server is the process that we started.
  await installation.serve({ through: ["strace", "-D", "-f", "-yy", "-s", "5000", "-e", `trace=${calls}`, "-o", trace] });
  const traffic = new Traffic(run);
  await traffic.pour(installation.connection, { most: run.of(150, 1000) }).done;
  run.demand((await installation.stop()) === 0, "told to stop, it ends with 0");
  let text = "";
  for (let tries = 0; tries < 1200 && !text.includes("+++ exited with 0 +++"); tries++, await pause(50)) {
    text = readFileSync(trace, "latin1");
  }
  const seen = steps(text);
  const acknowledged = traffic.answers.filter(({ status }) => status === 200);
  const { early, judged, unseen } = judge(seen, acknowledged);
  run.say(`${acknowledged.length} answers of 200; of ${judged} the event's frame was seen, of ${unseen} its id lies across two pages`);
  run.demand(judged > acknowledged.length / 2, "most frames are found by the event's id", judged);
  run.demand(!early.length, "no 200 is sent before the sync of the event's frame has ended", early);
  const hasty = judge(seen, acknowledged, { hasty: true }).early.length;
  run.control(hasty === judged, `an answer right after the frame is too early: ${hasty} of ${judged}`);
  const never = judge(seen.filter(({ kind }) => kind !== "synced"), acknowledged).early.length;
  run.control(never === judged, `without syncs every answer is too early: ${never} of ${judged}`);
});

/** Returns the relevant steps of a trace, in order: a frame written, a sync completed, a response started. */
function steps(text) {
  const found = [], underWay = new Map();
  let written = 0;
  for (const line of text.split("\n")) {
    const [, thread, call] = line.match(/^(\d+) +(.*)$/) ?? [];
    if (!call) continue;
    const [, name, path, rest] = call.match(/^(\w+)\(\d+<((?:->|[^>])*)>(.*)$/) ?? [];
    if (name?.startsWith("pwrite") && path.endsWith("-wal")) found.push({ kind: "frame", number: ++written, text: rest });
    if (/^f(data)?sync$/.test(name ?? "") && path.endsWith("-wal")) {
      if (/<unfinished/.test(rest)) underWay.set(thread, written);
      else if (/= 0$/.test(rest)) found.push({ kind: "synced", upTo: written });
    }
    if (/^<\.\.\. f(data)?sync resumed>.*= 0$/.test(call) && underWay.has(thread)) {
      found.push({ kind: "synced", upTo: underWay.get(thread) });
      underWay.delete(thread);
    }
    const client = path?.match(/^TCP:\[.*->127\.0\.0\.1:(\d+)\]?$/)?.[1];
    if (client && rest.includes("HTTP/1.1 200")) found.push({ kind: "answer", port: Number(client) });
  }
  return found;
}

/** Returns the responses that were sent too early. `hasty` pretends that each directly followed its frame. */
function judge(steps, acknowledged, { hasty = false } = {}) {
  const answers = new Map();
  for (const { id, port } of acknowledged) answers.set(port, [...(answers.get(port) ?? []), id]);
  // The first frame with an id is that of its commit; later ones only repeat the page.
  const firstFrame = new Map(), syncedAt = [];
  const wanted = new Set(acknowledged.map(({ id }) => id));
  const early = [];
  let judged = 0, unseen = 0, synced = 0;
  for (const step of steps) {
    if (step.kind === "synced") synced = Math.max(synced, step.upTo);
    if (step.kind === "frame") {
      for (const [id] of step.text.matchAll(/evt_T\w*?x(?:\d{10}|again\d+)/g)) {
        if (!wanted.has(id) || firstFrame.has(id)) continue;
        firstFrame.set(id, step.number);
        syncedAt[step.number] = synced;
      }
    }
    if (step.kind === "answer") {
      const id = answers.get(step.port)?.shift();
      if (!id) continue;
      const frame = firstFrame.get(id);
      if (frame === undefined) { unseen++; continue; }
      judged++;
      if ((hasty ? syncedAt[frame] : synced) < frame) early.push(id);
    }
  }
  return { early, judged, unseen };
}
