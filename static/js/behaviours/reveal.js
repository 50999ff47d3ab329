// A button marked data-copy-secret, next to the hidden secret. Sends the same POST as without scripts, but copies the value from
// the response to the clipboard without showing it. On any failure the form is submitted as usual.
const policy = globalThis.trustedTypes?.createPolicy("ks-pay-reveal", { createHTML: (html) => html });
const parse = (html) => new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");

async function secret(form, button) {
  const answer = await fetch(button.formAction, {
    method: "POST", body: new URLSearchParams(new FormData(form, button)), credentials: "same-origin", headers: { Accept: "text/html" },
  });
  const field = answer.ok && !answer.redirected && parse(await answer.text()).querySelector("#secret");
  const value = field && (field.value ?? field.textContent.trim());
  if (!value) throw new Error("the answer holds no SECRET");
  return value;
}

// Safari discards the user activation while we await the response, unless the clipboard receives the promise itself.
async function copy(value) {
  if (!globalThis.ClipboardItem) return navigator.clipboard.writeText(await value);
  const blob = value.then((text) => new Blob([text], { type: "text/plain" }));
  // A clipboard that refuses before the response does not await it; the form is then submitted.
  blob.catch(() => {});
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter: button } = event;
  if (!button?.matches("[data-copy-secret]") || !navigator.clipboard || button.dataset.busy === "submit") return;
  event.preventDefault();
  if (button.dataset.busy) return;
  button.dataset.busy = "copy";
  try {
    await copy(secret(form, button));
    button.dispatchEvent(new CustomEvent("ks:copied", { bubbles: true }));
    delete button.dataset.busy;
  } catch {
    button.dataset.busy = "submit";
    form.requestSubmit(button);
  }
});
