// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// @connectrpc/connect-node against the server at http://ADDRESS:
//
//	node connect-node.mjs ADDRESS TYPES

import { readFileSync } from "node:fs";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { calls, readTypes } from "./calls.mjs";
import { check, end } from "./checks.mjs";

const [address, typesFile] = process.argv.slice(2);
const types = readTypes(readFileSync(typesFile));
const plain = { baseUrl: `http://${address}` };
const secure = { baseUrl: `https://${address}`, nodeOptions: { rejectUnauthorized: false } };

const transports = {
  "Connect, HTTP/1.1": [createConnectTransport({ ...plain, httpVersion: "1.1" }), false],
  "Connect JSON, HTTP/1.1": [createConnectTransport({ ...plain, httpVersion: "1.1", useBinaryFormat: false }), false],
  "Connect, GET": [createConnectTransport({ ...plain, httpVersion: "1.1", useHttpGet: true }), false],
  "Connect, HTTP/2": [createConnectTransport({ ...plain, httpVersion: "2" }), true],
  "Connect, HTTP/2 and TLS": [createConnectTransport({ ...secure, httpVersion: "2" }), true],
  gRPC: [createGrpcTransport({ ...plain }), true],
  "gRPC, TLS": [createGrpcTransport({ ...secure }), true],
  "gRPC-Web, HTTP/1.1": [createGrpcWebTransport({ ...plain, httpVersion: "1.1" }), false],
  "gRPC-Web, HTTP/2": [createGrpcWebTransport({ ...plain, httpVersion: "2" }), true],
};
for (const [name, [transport, duplex]] of Object.entries(transports)) {
  for (const [call, run] of Object.entries(calls(types, transport, { duplex }))) {
    await check(`${name}: ${call}`, run);
  }
}
end();
