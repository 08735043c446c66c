// Shows mails in headless Chromium, as their HTML stands in the golden files, and writes a picture
// of each at 800 and 390 pixels. docs/mail.png is email-sample-800.png.
// Usage: node mails.mjs PLAYWRIGHT_MODULES CHROMIUM FOLDER_OF_MAILS FOLDER
import { createRequire } from "node:module";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, executablePath, from, folder] = process.argv.slice(2);
const { chromium } = createRequire(modules + "/")("playwright-core");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic"],
});
const page = await browser.newPage();
const wrong = [];
const mails = readdirSync(from).filter((name) => name.endsWith(".html")).sort();
for (const name of mails) {
  const mail = pathToFileURL(resolve(from, name)).href;
  const asks = (request) => {
    if (request.url() !== mail) wrong.push(`${name} asks for ${request.url()}: opening a mail tells nobody`);
  };
  page.on("request", asks);
  for (const width of [800, 390]) {
    await page.setViewportSize({ width, height: 200 });
    await page.goto(mail);
    const picture = `${name.replace(/\.html$/, "")}-${width}.png`;
    await page.screenshot({ path: join(folder, picture), fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) wrong.push(`${name} is ${wide} wide on a screen of ${width}`);
  }
  page.off("request", asks);
}
await browser.close();
if (mails.length === 0) wrong.push(`there is no mail in ${from}`);
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
