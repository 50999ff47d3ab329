// Compares a client's log with the stored data. Pure: the controls call it with falsified data.
//
// Every acknowledged event is stored with the bytes that were sent, every stored event was sent, each event has one row and one
// effect, and each payment has its expected final state.

/** Returns every difference between stored events and the client's log; each list is empty if all is well. */
export function judgeEvents(log, rows) {
  const bySha256 = grouped(rows, (row) => row.body_sha256);
  const stored = (sha256) => bySha256.get(sha256) ?? [];
  const entries = [...log.values()];
  return {
    lost: entries.filter(({ event, acknowledged }) => acknowledged.length && !stored(event.sha256).length).map(({ event }) => event.id),
    doubled: [...bySha256].filter(([, same]) => same.length > 1).map(([sha256]) => sha256),
    neverSent: [...bySha256.keys()].filter((sha256) => !log.has(sha256)),
    withoutEffect: rows.filter((row) => row.state !== "processed" || row.conflict_with !== null || row.transaction === null)
      .map((row) => row.event),
    // The received count includes each acknowledged request, and no request twice.
    miscounted: entries.filter((entry) => {
      const [row] = stored(entry.event.sha256);
      return row && !(entry.acknowledged.length <= row.received_count && row.received_count <= entry.sent);
    }).map((entry) => `${entry.event.id}: ${stored(entry.event.sha256)[0].received_count} receipts of ${entry.acknowledged.length} to ${entry.sent}`),
  };
}

/** Returns every difference between payments and their expected final states, once all events were sent. */
export function judgePayments(stories, rows) {
  const byPayment = grouped(rows, (row) => row.payment_id);
  const told = new Set(stories.map(({ payment }) => payment));
  const unlikeTheirStory = [];
  for (const { payment, outcome } of stories) {
    const [row] = byPayment.get(payment) ?? [];
    if (!row) continue;
    for (const [field, expected] of Object.entries(outcome)) {
      const found = field === "updated_at" ? Date.parse(row.updated_at) : row[field];
      if (found !== expected) unlikeTheirStory.push(`${payment}: ${field} is ${found}, the story says ${expected}`);
    }
  }
  return {
    missing: [...told].filter((payment) => !byPayment.has(payment)),
    doubled: [...byPayment].filter(([, same]) => same.length > 1).map(([payment]) => payment),
    neverSent: [...byPayment.keys()].filter((payment) => !told.has(payment)),
    unlikeTheirStory,
  };
}

function grouped(rows, key) {
  const groups = new Map();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
}
