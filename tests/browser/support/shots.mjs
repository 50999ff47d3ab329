// Pictures of pages for manual review, in the ignored folder shots/.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../shots/", import.meta.url));

/** Stores a picture of the whole page as `shots/NAME.png`, in a window high enough that no fixed element covers the content. */
export async function shoot(page, name) {
  await mkdir(FOLDER, { recursive: true });
  const window = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: window.width, height: Math.max(window.height, height) });
  await page.screenshot({ path: `${FOLDER}${name}.png`, animations: "disabled" });
  await page.setViewportSize(window);
}
