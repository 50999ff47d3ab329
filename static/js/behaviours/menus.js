// Closes an open menu or filter on Escape, on a click outside, and when focus leaves it. Without scripts its summary closes it.
const open = () => document.querySelectorAll("details:is(.menu, .nav-more, .filter)[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  for (const menu of open()) {
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) menu.querySelector("summary").focus();
  }
});

// A click on what cannot have focus moves no focus, so both are needed. Focus that goes nowhere, as when the window loses it or
// a part of the page is replaced, closes nothing. A filter that is wrong stays open: closing it would move what is clicked.
const closeOthers = (target) => {
  for (const menu of open()) if (!menu.contains(target) && !menu.matches(".is-wrong")) menu.open = false;
};
document.addEventListener("click", ({ target }) => closeOthers(target));
document.addEventListener("focusin", ({ target }) => closeOthers(target));
