// After a form returned with errors, moves focus to the first invalid field; after success, to the flash message.
const wrong = document.querySelector(":is(input, select, textarea)[aria-invalid=true], fieldset[aria-invalid=true] input");
const target = wrong ?? document.querySelector("[data-flash]");
if (target && !wrong) target.tabIndex = -1;
target?.focus();
