// After a form returned with errors, moves focus to the first invalid field; after success, to the flash message. The password field
// of a confirmation page gets it too.
const wrong = document.querySelector(":is(input, select, textarea)[aria-invalid=true], fieldset[aria-invalid=true] input");
const only = document.querySelector("form[data-focus] input[type=password]");
const target = wrong ?? only ?? document.querySelector("[data-flash]");
if (target && target !== wrong && target !== only) target.tabIndex = -1;
target?.focus();
