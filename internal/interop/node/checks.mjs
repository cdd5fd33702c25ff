// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// What all programs of this folder share: they print one line for each check,
// "ok <name>" or "not ok <name>: <why>", which the Go program reads.

let failed = false;

/** Runs one check, for at most ten seconds. */
export async function check(name, run) {
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("no end within 10 s")), 10_000);
    });
    await Promise.race([run(), late]);
    report(name);
  } catch (err) {
    report(name, err?.message ?? String(err));
  } finally {
    clearTimeout(timer);
  }
}

/** Prints one line. */
export function report(name, why) {
  failed ||= why !== undefined;
  console.log(why === undefined ? `ok ${name}` : `not ok ${name}: ${String(why).replaceAll("\n", " ")}`);
}

/** Ends the program. */
export function end() {
  process.exit(failed ? 1 : 0);
}

/** Throws unless the two are the same. */
export function same(got, want, what = "the answer") {
  if (got !== want) {
    throw new Error(`${what} is ${String(got)}, not ${String(want)}`);
  }
}
