// Pictures of pages, for people to look at, in the ignored folder shots/.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../shots/", import.meta.url));

/** Keeps a picture of the whole page as `shots/NAME.png`. */
export async function shoot(page, name) {
  await mkdir(FOLDER, { recursive: true });
  await page.screenshot({ path: `${FOLDER}${name}.png`, fullPage: true, animations: "disabled" });
}
