// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// @connectrpc/connect-web in headless Chromium against the server at ADDRESS,
// from a page of the same origin, and from one of the ORIGIN that it allows:
//
//	node browser.mjs ADDRESS TYPES CHROMIUM ORIGIN
//
// The pages themselves are answered here, without a server; the calls are not.

import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { check, end, report, same } from "./checks.mjs";

const [address, typesFile, executablePath, allowed] = process.argv.slice(2);
const base = `http://${address}`;
const types = [...readFileSync(typesFile)];
const bundle = await build({ entryPoints: ["page.mjs"], bundle: true, format: "iife", write: false, logLevel: "silent" });
const script = bundle.outputFiles[0].text;

const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", // which does not work for root
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=LocalNetworkAccessChecks", // which want a click before a page may call this machine
  ],
});
try {
  await visit("same origin", base, base);
  await visit("cross origin", allowed, base);
  await check("an origin that is not allowed", refused);
} finally {
  await browser.close();
}
end();

/** Opens an empty page of an origin, which loads nothing from there. */
async function open(origin) {
  const page = await browser.newPage();
  await page.route(`${origin}/interop`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>interop</title>" }));
  await page.goto(`${origin}/interop`);
  return page;
}

async function visit(name, origin, baseUrl) {
  let page;
  await check(`${name}: a page`, async () => {
    page = await open(origin);
    await page.addScriptTag({ content: script });
  });
  if (!page) {
    return;
  }
  try {
    for (const [call, why] of await page.evaluate(([url, t]) => window.run(url, t), [baseUrl, types])) {
      report(`${name}: ${call}`, why ?? undefined);
    }
  } catch (err) {
    report(`${name}: calls`, err.message);
  } finally {
    await page.close();
  }
}

async function refused() {
  const page = await open("http://other.example");
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  const outcome = await page.evaluate(async (url) => {
    try {
      const answer = await fetch(`${url}/greet.v1.Greeter/Greet`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"name":"Ada"}',
      });
      return `status ${answer.status}`;
    } catch {
      return "refused";
    }
  }, base);
  await page.close();
  same(outcome, "refused", "a call of another origin");
  same(said.some((text) => text.includes("Access-Control-Allow-Origin")), true, `that "${said.join("; ")}" tells of CORS`);
}
