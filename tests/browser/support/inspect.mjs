// Checks that apply to every page of every walk.
import assert from "node:assert/strict";

import { accessibility, assertNoSidewaysScroll } from "./accessibility.mjs";
import { DESKTOP, PHONE } from "./browser.mjs";
import { shoot } from "./shots.mjs";

/** Narrowest window: the width that remains at 400 % zoom on a small screen. */
const NARROW = { width: 320, height: 640 };
/** Minimum touch target on a phone, in CSS pixels. */
const THUMB = 44;

/** Checks in light and dark, on desktop and phone: no violation, no sideways scrolling, no touch target that is too small. */
export async function inspect(page, name) {
  const violations = await accessibility(page);
  for (const [device, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    await page.setViewportSize(viewport);
    // The top bar stays in place: what is scrolled below it is no smaller target.
    await page.evaluate(() => scrollTo(0, 0));
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(colorScheme === "light" ? {} : { only: ["color-contrast"] }), [], `axe-core on ${name}, ${device}, ${colorScheme}`);
    }
    await assertNoSidewaysScroll(page, `${name}, ${device}`);
  }
  await assertFits(page, name);
  await restore(page);
  // The language changes neither colours nor the order of the page: those are not checked again.
  await inHindi(page, async (hindi) => {
    const violations = await accessibility(hindi);
    for (const viewport of [DESKTOP, PHONE]) {
      await hindi.setViewportSize(viewport);
      assert.deepEqual(await violations(), [], `axe-core on ${name} in Hindi, ${viewport.width} px`);
    }
    await assertFits(hindi, `${name} in Hindi`);
  });
}

/**
 * Opens the page's address in Hindi in another window, and checks it there and on narrow screens. What the answer to a form shows
 * is not at its address: it is checked in English only.
 */
async function inHindi(page, check) {
  const hindi = await page.context().newPage();
  try {
    await hindi.setExtraHTTPHeaders({ "accept-language": "hi" });
    await hindi.goto(page.url());
    assert.match(await hindi.locator("html").getAttribute("lang"), /^hi\b/, page.url());
    await check(hindi);
  } finally {
    await hindi.close();
  }
}

/** Checks on a phone and narrower: no sideways scrolling, no touch target that is too small. */
export async function assertFitsNarrowly(page, name) {
  await assertFits(page, name);
  await restore(page);
  await inHindi(page, (hindi) => assertFits(hindi, `${name} in Hindi`));
}

async function assertFits(page, name) {
  await page.setViewportSize(PHONE);
  await assertNoSidewaysScroll(page, `${name}, phone`);
  assert.deepEqual(await page.evaluate(tooSmall, THUMB), [], `too small to hit on ${name}`);
  await page.setViewportSize(NARROW);
  await assertNoSidewaysScroll(page, `${name}, narrow`);
}

/** Stores pictures in light and dark, on desktop and phone. */
export async function picture(page, name) {
  for (const [device, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await shoot(page, `${name}-${device}-${colorScheme}`);
    }
  }
  await restore(page);
}

async function restore(page) {
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: null });
}

/** Runs in the page: returns the main controls smaller than half the touch target. axe-core checks the absolute minimum size. */
function tooSmall(thumb) {
  const half = thumb / 2 - 1;
  const controls = document.querySelectorAll("main .button:not(.button-small), .pager .button, main .input, main .switch, main summary, .nav a, .topbar a, .topbar summary");
  // An open menu is above the page, and closes when something else is pressed.
  const menu = document.querySelector("details.menu[open]");
  const reachable = [...controls].filter((control) => control.checkVisibility() && (!menu || menu.contains(control)));
  return reachable.filter((control) => {
    control.scrollIntoView({ block: "center" });
    const { x, y, width, height } = control.getBoundingClientRect();
    const around = [[0, -half], [0, half], [-half, 0], [half, 0]].map(([right, down]) => [x + width / 2 + right, y + height / 2 + down]);
    return !around.every(([x, y]) => control.contains(document.elementFromPoint(x, y)));
  }).map((control) => control.outerHTML.slice(0, 90));
}
