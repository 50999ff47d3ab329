// Waits with limits: each has a timeout and names its subject, so that a hanging case reports the reason.

const pending = new Set();

/** Awaits the promise; rejects after `ms` milliseconds with an error that names the subject. */
export async function within(ms, what, promise) {
  const wait = { what, since: Date.now() };
  pending.add(wait);
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not there after ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
    pending.delete(wait);
  }
}

/** Returns the current waits, and how long they have lasted. */
export function waitedFor() {
  const waits = [...pending].map(({ what, since }) => `${what} (${((Date.now() - since) / 1000).toFixed(0)} s)`);
  return waits.length ? waits.join(", ") : "nothing with a name";
}
