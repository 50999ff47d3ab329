// Keeps every [data-live] part of a page up to date: when the stream of [data-evidence-stream] sends "changed", fetches the
// page of the stream, or [data-evidence-page], again and updates the parts in place by their ids, so that focus, selection and
// the status region are preserved.
const policy = globalThis.trustedTypes?.createPolicy("ks-pay-evidence", { createHTML: (html) => html });
const parse = (html) => new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html").body;
const ours = ["hidden", "open", "data-state"]; // set by scripts or by the reader, not by the server

// Updates `old` to match `now`. An element with another id, such as a new request at the top of the feed, is replaced.
function update(old, now) {
  if (old.isEqualNode(now)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== now.nodeName || old.id !== now.id) return old.replaceWith(now);
  for (const { name } of [...old.attributes]) if (!ours.includes(name) && !now.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (!ours.includes(name)) old.setAttribute(name, value);
  within(old, now, "childNodes");
}

function within(old, now, list) {
  const nodes = [...now[list]];
  nodes.forEach((node, n) => (old[list][n] ? update(old[list][n], node) : old.append(node)));
  while (old[list].length > nodes.length) old[list][nodes.length].remove();
}

function refreshParts(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = page.querySelector(`#${part.id}`);
    if (now) update(part, now);
  }
}

const place = document.querySelector("[data-evidence-stream]");
if (place) {
  let stream, ended = false, busy = false, again = false;
  const page = place.dataset.evidencePage ?? place.dataset.evidenceStream.replace(/\/evidence\/stream$/, "");

  const close = () => stream?.close();
  const open = () => {
    if (ended || document.hidden || (stream && stream.readyState !== EventSource.CLOSED)) return;
    stream = new EventSource(place.dataset.evidenceStream);
    stream.addEventListener("open", refresh); // what came while nobody listened
    stream.addEventListener("changed", refresh);
  };

  async function refresh() {
    again = busy;
    if (ended || busy) return;
    busy = true;
    try {
      const answer = await fetch(page, {
        credentials: "same-origin", headers: { Accept: "text/html", "X-Requested-With": "refresh" }, // chooses no mode
      });
      ended = answer.redirected || answer.status === 401 || answer.status === 403; // signed out
      if (ended) close();
      else if (answer.ok) {
        const now = parse(await answer.text());
        refreshParts(now);
        if (!now.querySelector("[data-evidence-stream]")) (ended = true, close()); // nothing more is expected
      }
    } catch { /* out of reach: the next event or the timer tries again */ }
    busy = false;
    document.dispatchEvent(new CustomEvent("ks:updated"));
    if (again) refresh();
  }

  addEventListener("pageshow", open);
  addEventListener("pagehide", close);
  // A hidden tab holds no connection: browsers allow six per host, and this console is often open in several tabs.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  setInterval(() => {
    if (ended || document.hidden || stream?.readyState === EventSource.OPEN) return;
    refresh();
    open();
  }, 30_000);
}
