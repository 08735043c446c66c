// Opens the live demo in headless Chromium, walks from the one-time link to the inbox and a case,
// and writes pictures of both at 1280 and 390 pixels.
// Usage: node screens.mjs PLAYWRIGHT_MODULES CHROMIUM ONE_TIME_URL FOLDER
import { createRequire } from "node:module";

const [modules, executablePath, once, folder] = process.argv.slice(2);
const { chromium } = createRequire(modules + "/")("playwright-core");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic"],
});
const context = await browser.newContext({ locale: "it-IT" });
const page = await context.newPage();
const wrong = [];
page.on("console", (m) => { if (m.type() === "error") wrong.push(m.text()); });
page.on("pageerror", (e) => wrong.push(String(e)));
const widths = [1280, 390];
const shoot = async (name) => {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: `${folder}/${name}-${width}.png` });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) wrong.push(`${name} is ${wide} wide on a screen of ${width}`);
  }
};
await page.goto(once);
await page.waitForSelector('a[href^="/cases/"]', { timeout: 30000 });
await shoot("inbox");
await page.setViewportSize({ width: 1280, height: 900 });
await page.click('a[href^="/cases/"]');
await page.waitForSelector("textarea");
await shoot("case");
await page.goto(new URL("/coverage", once).href);
await page.waitForSelector("h1");
await shoot("coverage");
for (const name of ["sorted-out", "sample", "report"]) {
  await page.goto(new URL(`/${name}`, once).href);
  await page.waitForSelector("h1");
  await shoot(name);
}
await browser.close();
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
