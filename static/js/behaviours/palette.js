// Opens the search in a dialog with Ctrl K or ⌘ K, or by the link in the top bar. It shows what the page of the search shows, and
// asks that page again as the reader types: without scripts, the link leads there.
const link = document.querySelector("a[data-palette]");
const policy = globalThis.trustedTypes?.createPolicy("ks-pay-search", { createHTML: (html) => html });
const parse = (html) => new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
const keys = link?.querySelector("kbd");
const DELAY = 150; // milliseconds after the last letter

if (keys) {
  if (/Mac|iPhone|iPad/.test(navigator.platform)) keys.textContent = keys.dataset.mac;
  link.setAttribute("aria-keyshortcuts", "Control+K Meta+K");
  keys.hidden = false;
}

let dialog, field, asked, timer;
let isOpening = false;

async function results(url) {
  asked?.abort();
  asked = new AbortController();
  const answer = await fetch(url, { credentials: "same-origin", signal: asked.signal, headers: { Accept: "text/html", "X-Requested-With": "palette" } });
  if (answer.redirected || !answer.ok) throw new Error("signed out, or no search");
  return parse(await answer.text());
}

const choices = () => [...dialog.querySelectorAll(".palette-list a")];

async function search() {
  const url = `${field.form.action}?${new URLSearchParams(new FormData(field.form))}`;
  try {
    const found = (await results(url)).querySelector(".palette-list");
    dialog.querySelector(".palette-list").replaceWith(document.adoptNode(found));
  } catch { /* replaced by a later one, or out of reach: Enter opens the page of the search */ }
}

function move(event) {
  const all = [field, ...choices()];
  const at = Math.max(0, all.indexOf(document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 1, End: all.length - 1 }[event.key];
  const isOfField = event.target === field && ["Home", "End"].includes(event.key);
  if (to === undefined || isOfField) {
    const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isLetter && event.target !== field) field.focus();
    return;
  }
  event.preventDefault();
  all[to % all.length]?.focus();
}

async function open() {
  // A key that is held repeats itself.
  if (isOpening || dialog?.open) return;
  isOpening = true;
  let page;
  try {
    page = await results(link.href);
  } catch {
    location.assign(link.href);
    return;
  } finally {
    isOpening = false;
  }
  dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", link.querySelector("span").textContent);
  dialog.append(document.adoptNode(page.querySelector("[data-palette-search]")));
  document.body.append(dialog);
  field = dialog.querySelector("input[type=search]");
  dialog.addEventListener("keydown", move);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    asked.abort();
    dialog.remove();
  });
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, DELAY); });
  dialog.showModal(); // on closing, the browser returns focus to where it was
  field.focus();
}

if (link && globalThis.HTMLDialogElement) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || event.altKey || event.shiftKey || event.ctrlKey === event.metaKey) return;
    event.preventDefault();
    open();
  });
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    open();
  });
}
