// After a form came back with errors, focus goes to the first wrong field; after it went through, to the flash.
const wrong = document.querySelector(":is(input, select, textarea)[aria-invalid=true], fieldset[aria-invalid=true] input");
const target = wrong ?? document.querySelector("[data-flash]");
if (target && !wrong) target.tabIndex = -1;
target?.focus();
