// Pictures of pages, for people to look at, in the ignored folder shots/.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../shots/", import.meta.url));

/** Keeps a picture of the whole page as `shots/NAME.png`, in a window so high that nothing floats over its middle. */
export async function shoot(page, name) {
  await mkdir(FOLDER, { recursive: true });
  const window = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: window.width, height: Math.max(window.height, height) });
  await page.screenshot({ path: `${FOLDER}${name}.png`, animations: "disabled" });
  await page.setViewportSize(window);
}
