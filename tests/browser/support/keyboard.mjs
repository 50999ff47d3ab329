// Keyboard-only use. Focus must always be visible.
import assert from "node:assert/strict";

import { leading } from "./steps.mjs";

/** Upper bound on tab stops, more than any page has. */
const MAX_STOPS = 120;

/** Presses Tab until focus is on `target`; checks every stop on the way. */
export async function tabTo(page, target) {
  for (let stop = 0; stop < MAX_STOPS; stop += 1) {
    await page.keyboard.press("Tab");
    await assertFocusIsSeen(page);
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`Tab never leads to ${target}`);
}

/** Moves to a link or button and presses Enter, which leads to another page. */
export async function enter(page, role, name) {
  await tabTo(page, page.getByRole(role, { name, exact: true }).first());
  await leading(page, () => page.keyboard.press("Enter"));
}

/** Moves to a field and types. */
export async function type(page, label, text) {
  await tabTo(page, page.getByRole("textbox", { name: label, exact: true }).or(page.getByLabel(label, { exact: true })).first());
  await page.keyboard.type(text);
}

/** Asserts that the focused element is in the viewport, not covered, and outlined. */
export async function assertFocusIsSeen(page) {
  const fault = await page.evaluate(() => {
    const focused = document.activeElement;
    if (focused === document.body) return ""; // the browser's own bar
    const marked = [focused, focused.closest("label"), focused.nextElementSibling].some((element) => {
      const { outlineStyle, outlineWidth } = element ? getComputedStyle(element) : {};
      return outlineStyle !== undefined && outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
    });
    const { x, y, width, height } = focused.getBoundingClientRect();
    const hit = document.elementFromPoint(x + width / 2, y + height / 2);
    const shown = hit && (focused.contains(hit) || hit.contains(focused) || focused.closest("label")?.contains(hit));
    return `${marked ? "" : "no outline "}${shown ? "" : "covered or outside "}`;
  });
  const where = fault && await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120));
  assert.equal(fault, "", `focus is not seen at ${page.url()}: ${where}`);
}

/** Asserts that focus is on `target`. */
export async function assertFocused(target) {
  assert.ok(await target.evaluate((element) => element === document.activeElement), `${target} has no focus`);
}
