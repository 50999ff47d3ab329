// Possible contents of a disk after a power cut, derived from a recording of its writes (native/recorder.c).
//
// Data covered by a file's last completed sync is present; each later write is randomly present, absent, or present in some of
// its 512-byte sectors, independently of the others. Creating, renaming and deleting a file are treated as immediately durable,
// which real file systems do not guarantee.
import { readFileSync } from "node:fs";

const KINDS = { 1: "write", 2: "truncate", 3: "sync", 4: "unlink", 5: "rename" };
const SECTOR = 512;

/** Returns the operations of a recording, in order: `{ kind, path, begin, end, offset, data }`, times in nanoseconds. */
export function recording(file) {
  const bytes = readFileSync(file);
  const operations = [];
  for (let at = 0; at < bytes.length;) {
    const kind = KINDS[bytes.readUInt32LE(at)], pathLength = bytes.readUInt32LE(at + 4);
    const [begin, end, offset, length] = [8, 16, 24, 32].map((field) => Number(bytes.readBigInt64LE(at + field)));
    at += 40;
    const path = bytes.toString("utf8", at, at + pathLength);
    at += pathLength;
    const data = bytes.subarray(at, at + length);
    at += length;
    operations.push({ kind, path, begin, end, offset, data });
  }
  return operations;
}

/** Bytes of a file, growing as needed. */
class Content {
  constructor(bytes = Buffer.alloc(0)) {
    this.buffer = Buffer.from(bytes);
    this.length = bytes.length;
  }

  copy() {
    return new Content(this.bytes);
  }

  get bytes() {
    return this.buffer.subarray(0, this.length);
  }

  apply({ kind, offset, data }, random) {
    if (kind === "truncate") return this.#resize(offset);
    this.#resize(Math.max(this.length, offset + data.length));
    if (!random) return data.copy(this.buffer, offset);
    for (let at = 0; at < data.length; at += SECTOR) {
      if (random.happens(0.5)) data.copy(this.buffer, offset + at, at, Math.min(at + SECTOR, data.length));
    }
  }

  #resize(length) {
    if (length > this.buffer.length) {
      const larger = Buffer.alloc(Math.max(length, this.buffer.length * 2));
      this.bytes.copy(larger);
      this.buffer = larger;
    }
    if (length < this.length) this.buffer.fill(0, length, this.length);
    this.length = length;
  }
}

/** Disk during a recording. Its initial files are durable. */
export class Disk {
  #operations;
  #next = 0;
  #files = new Map();

  /** `files` are the contents before the recording, by path. */
  constructor(files, operations) {
    this.#operations = operations;
    for (const [path, bytes] of files) this.#files.set(path, { durable: new Content(bytes), pending: [] });
  }

  /** Advances to a time that is not before the previous one. */
  advance(moment) {
    for (; this.#next < this.#operations.length; this.#next++) {
      const operation = this.#operations[this.#next];
      if (operation.begin > moment) return;
      // A sync still in progress guarantees nothing.
      if (operation.kind === "sync" && operation.end > moment) return;
      this.#take(operation);
    }
  }

  #take(operation) {
    const { kind, path } = operation;
    if (kind === "unlink") return this.#files.delete(path);
    if (!this.#files.has(path)) this.#files.set(path, { durable: new Content(), pending: [] });
    const file = this.#files.get(path);
    if (kind === "rename") {
      this.#files.delete(path);
      return this.#files.set(operation.data.toString(), file);
    }
    if (kind !== "sync") return file.pending.push(operation);
    for (const write of file.pending.splice(0)) file.durable.apply(write);
  }

  /** Returns possible contents of the disk if the power fails now: bytes by path, valid until the next step. */
  cut(random) {
    return this.#image((content, write) => {
      const fate = random.between(0, 3);
      if (fate === 1) content.apply(write);
      if (fate === 2) content.apply(write, random);
    });
  }

  /** Returns the contents that a reader sees while the power is on, with the same validity. */
  whole() {
    return this.#image((content, write) => content.apply(write));
  }

  #image(fall) {
    const image = new Map();
    for (const [path, { durable, pending }] of this.#files) {
      // A memory mapping, not part of the database.
      if (path.endsWith("-shm")) continue;
      const content = pending.length ? durable.copy() : durable;
      for (const write of pending) fall(content, write);
      image.set(path, content.bytes);
    }
    return image;
  }
}

/** Returns the recording with the syncs of `synchronous=NORMAL`: the WAL only before the database itself is written. */
export function asNormal(operations) {
  const ofDatabase = operations.filter(({ path }) => /\.db(-wal)?$/.test(path));
  const dropped = new Set(ofDatabase.filter(({ kind, path }, index) => {
    const next = ofDatabase[index + 1];
    return kind === "sync" && path.endsWith("-wal") && !(next && !next.path.endsWith("-wal"));
  }));
  return operations.filter((operation) => !dropped.has(operation));
}

/** Returns the recording with the syncs of `synchronous=OFF`: none. */
export const asOff = (operations) => operations.filter(({ kind, path }) => kind !== "sync" || !/\.db(-wal)?$/.test(path));
