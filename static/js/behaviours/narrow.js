// The find field of the app switcher narrows the listed apps to those whose name contains the text. Enter searches all apps: the
// field is in a form.
for (const field of document.querySelectorAll("[data-narrow]")) {
  const list = field.closest(".menu-list");
  const none = list.querySelector("[data-narrow-none]");
  const plain = (text) => text.normalize().toLocaleLowerCase();
  field.addEventListener("input", () => {
    const wanted = plain(field.value.trim());
    let found = false;
    for (const link of list.querySelectorAll("[data-narrowed]")) {
      link.hidden = !plain(link.querySelector("bdi").textContent).includes(wanted);
      found ||= !link.hidden;
    }
    none.hidden = found;
  });
}
