// Opens the app that is chosen with a pointer in [data-choose]. Arrow keys change a closed select as well, one option at a time, so
// those who use the keyboard press the button.
for (const select of document.querySelectorAll("select[data-choose]")) {
  let byPointer = false;
  select.addEventListener("pointerdown", () => { byPointer = true; });
  select.addEventListener("keydown", () => { byPointer = false; });
  select.addEventListener("change", () => { if (byPointer) select.form.requestSubmit(); });
}
