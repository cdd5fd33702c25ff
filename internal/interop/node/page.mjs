// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// What runs in the browser: @connectrpc/connect-web. The program browser.mjs
// bundles it and calls window.run.

import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { calls, readTypes } from "./calls.mjs";

/** Makes all calls and returns [name, why it failed or null] of each. */
window.run = async (baseUrl, types) => {
  const registry = readTypes(Uint8Array.from(types));
  const transports = {
    "Connect JSON": [createConnectTransport({ baseUrl })],
    "Connect proto": [createConnectTransport({ baseUrl, useBinaryFormat: true })],
    "Connect GET": [createConnectTransport({ baseUrl, useHttpGet: true }), { large: false }],
    "gRPC-Web": [createGrpcWebTransport({ baseUrl })],
  };
  const results = [];
  for (const [name, [transport, options]] of Object.entries(transports)) {
    for (const [call, run] of Object.entries(calls(registry, transport, options))) {
      let why = null;
      try {
        await run();
      } catch (err) {
        why = err?.message ?? String(err);
      }
      results.push([`${name}: ${call}`, why]);
    }
  }
  return results;
};
