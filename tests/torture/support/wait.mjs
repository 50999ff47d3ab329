// Waits that end: each has a limit and says what it waits for, so that a case that hangs names the reason.

const pending = new Set();

/** What the promise becomes; after `ms` milliseconds an error that names what was waited for. */
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

/** What is waited for now, and for how long already. */
export function waitedFor() {
  const waits = [...pending].map(({ what, since }) => `${what} (${((Date.now() - since) / 1000).toFixed(0)} s)`);
  return waits.length ? waits.join(", ") : "nothing with a name";
}
