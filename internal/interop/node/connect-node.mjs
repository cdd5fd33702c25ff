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

const duplex = { duplex: true };
const transports = {
  "Connect, HTTP/1.1": [createConnectTransport({ ...plain, httpVersion: "1.1" })],
  "Connect JSON, HTTP/1.1": [createConnectTransport({ ...plain, httpVersion: "1.1", useBinaryFormat: false })],
  "Connect, GET": [createConnectTransport({ ...plain, httpVersion: "1.1", useHttpGet: true }), { large: false }],
  "Connect, HTTP/2": [createConnectTransport({ ...plain, httpVersion: "2" }), duplex],
  "Connect, HTTP/2 and TLS": [createConnectTransport({ ...secure, httpVersion: "2" }), duplex],
  gRPC: [createGrpcTransport({ ...plain }), duplex],
  "gRPC, TLS": [createGrpcTransport({ ...secure }), duplex],
  "gRPC-Web, HTTP/1.1": [createGrpcWebTransport({ ...plain, httpVersion: "1.1" })],
  "gRPC-Web, HTTP/2": [createGrpcWebTransport({ ...plain, httpVersion: "2" }), duplex],
};
for (const [name, [transport, options]] of Object.entries(transports)) {
  for (const [call, run] of Object.entries(calls(types, transport, options))) {
    await check(`${name}: ${call}`, run);
  }
}
end();
