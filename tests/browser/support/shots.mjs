// Pictures of pages, for people to look at: desktop and phone, light and dark, in the ignored folder shots/.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { DESKTOP, PHONE } from "./browser.mjs";

const FOLDER = fileURLToPath(new URL("../../../shots/", import.meta.url));

/** Calls `look(name)` with the page in each of the four looks, and leaves it as it was. */
export async function inEveryLook(page, look) {
  for (const [device, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await look(`${device}-${colorScheme}`);
    }
  }
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: null });
}

/** Keeps a picture of the whole page as `shots/NAME-DEVICE-SCHEME.png`. */
export async function shoot(page, name) {
  await mkdir(FOLDER, { recursive: true });
  await page.screenshot({ path: `${FOLDER}${name}.png`, fullPage: true, animations: "disabled" });
}
