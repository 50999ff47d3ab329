// After a form came back with errors, focus goes to the first wrong field; after it went through, to the flash. A form that is all its page is for gets it too.
const wrong = document.querySelector(":is(input, select, textarea)[aria-invalid=true], fieldset[aria-invalid=true] input");
const only = document.querySelector("form[data-focus] input[type=password]");
const target = wrong ?? only ?? document.querySelector("[data-flash]");
if (target && target !== wrong && target !== only) target.tabIndex = -1;
target?.focus();
