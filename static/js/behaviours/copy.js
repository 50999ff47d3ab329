// Copies the value that a button names in data-copy, and announces it in [data-copy-said]. Without scripts the buttons stay
// hidden and the value can be selected by hand. Listens on the document, so replaced parts need no binding. The texts are
// attributes of [data-copy-said], in the language of the page.
const unhide = () => document.querySelectorAll("button[data-copy][hidden]").forEach((button) => { button.hidden = false; });
const said = document.querySelector("[data-copy-said]");
const say = (text) => { if (said) said.textContent = text; };
const named = (text, name) => text?.replace("{name}", () => name ?? said.dataset.value) ?? "";

// navigator.clipboard is missing over plain http, hence the fallback.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copying is not allowed here");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  const field = button && document.getElementById(button.dataset.copy);
  if (!field) return;
  try {
    await copy(field.value ?? field.textContent.trim());
    button.focus({ preventScroll: true });
    button.dispatchEvent(new CustomEvent("ks:copied", { bubbles: true }));
  } catch {
    if (field.select) field.select();
    else getSelection().selectAllChildren(field);
    say(named(said?.dataset.copyFailed, button.dataset.name));
  }
});

// Shown for two seconds, whichever script copied (reveal.js does as well).
let silence;
document.addEventListener("ks:copied", ({ target: button }) => {
  document.querySelectorAll("[data-state=copied]").forEach((other) => { delete other.dataset.state; });
  button.dataset.state = "copied";
  say(named(said?.dataset.copied, button.dataset.name));
  clearTimeout(silence);
  silence = setTimeout(() => { delete button.dataset.state; say(""); }, 2000);
});

document.addEventListener("ks:updated", unhide);
unhide();
