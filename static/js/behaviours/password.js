// Show and Hide next to a password: button[data-toggle-password] names the field. Both labels are in the page, CSS selects one.
for (const button of document.querySelectorAll("button[data-toggle-password]")) {
  const field = document.getElementById(button.dataset.togglePassword);
  if (!field) continue;
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  field.form?.addEventListener("submit", () => show(false)); // so that no browser remembers it as plain text
}
