// The tokens of an app: none, the form and its errors, a new one, and its removal.
import { send, signIn } from "./steps.mjs";

/** Walks the tab from the empty list to the removal of a token. */
export async function* tokens(page, { installation, names }) {
  const app = await installation.addApp(names.company, names.app, names.email);
  const list = `/ks-pay/apps/${app}/settings/tokens`;
  await signIn(page, names, list);
  yield "tokens-empty";
  await send(page, "Create token");
  yield "token-refused";
  await page.getByLabel("Name", { exact: true }).fill(`${names.name} ${names.app}`.slice(0, 80));
  await page.getByLabel(/Live mode too/).check();
  await send(page, "Create token");
  yield "token-created";
  await page.goto(list);
  yield "tokens";
  await page.getByRole("link", { name: /^Remove/ }).click();
  await page.getByTestId("effect").waitFor();
  yield "token-removal";
}
