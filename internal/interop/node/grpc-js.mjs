// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// @grpc/grpc-js against the server at ADDRESS:
//
//	node grpc-js.mjs ADDRESS TYPES

import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { check, end, same } from "./checks.mjs";

const [address, typesFile] = process.argv.slice(2);
const types = grpc.loadPackageDefinition(
  loader.loadFileDescriptorSetFromBuffer(readFileSync(typesFile), { keepCase: true, longs: Number }),
);

const unary = (client, method, request, options = {}) =>
  new Promise((resolve, reject) => client[method](request, options, (err, reply) => (err ? reject(err) : resolve(reply))));

/** Collects a stream; each is called for every message. */
const collect = (stream, each = () => {}) =>
  new Promise((resolve, reject) => {
    const all = [];
    stream.on("data", (m) => {
      all.push(m);
      each(m, all.length);
    });
    stream.on("error", reject);
    stream.on("end", () => resolve(all));
  });

async function failure(call, code) {
  try {
    await call;
  } catch (err) {
    same(grpc.status[err.code], grpc.status[code], `the code of "${err.message}"`);
    return err;
  }
  throw new Error(`there is no error, but ${grpc.status[code]} was to come`);
}

async function checkAll(name, credentials, options = {}) {
  const greeter = new types.greet.v1.Greeter(address, credentials, options);
  const users = new types.users.v1.UserService(address, credentials, options);
  const arith = new types.Arith(address, credentials, options);
  const ticker = new types.Ticker(address, credentials, options);

  await check(`${name}: unary`, async () => same((await unary(greeter, "Greet", { name: "Ada" })).text, "Hello, Ada!"));
  await check(`${name}: unary, plain Go`, async () => same((await unary(arith, "Multiply", { A: 7, B: 8 })).value, 56));
  await check(`${name}: large message`, async () => {
    const text = "Ada".repeat(300_000);
    same((await unary(greeter, "Greet", { name: text })).text, `Hello, ${text}!`);
  });
  await check(`${name}: server stream`, async () => {
    same((await collect(greeter.GreetOften({ name: "Ada", times: 100 }))).length, 100, "the number of messages");
  });
  await check(`${name}: server stream, plain Go`, async () => {
    const all = await collect(ticker.Tick({ Every: { nanos: 5e6 }, Count: 4 }));
    same(all.map((m) => m.N).join(), "1,2,3,4", "the ticks");
  });
  await check(`${name}: client stream`, async () => {
    const reply = await new Promise((resolve, reject) => {
      const stream = greeter.GreetAll((err, reply) => (err ? reject(err) : resolve(reply)));
      stream.write({ name: "Ada" });
      stream.end({ name: "Grace" });
    });
    same(reply.text, "Hello, Ada, Grace!");
  });
  await check(`${name}: bidirectional stream`, async () => {
    const stream = greeter.GreetEach();
    const names = ["Ada", "Grace", "Barbara"];
    const all = collect(stream, (_, n) => (n < names.length ? stream.write({ name: names[n] }) : stream.end()));
    stream.write({ name: names[0] });
    same((await all).map((m) => m.text).join(" "), "Hello, Ada! Hello, Grace! Hello, Barbara!", "the conversation");
  });
  await check(`${name}: error with details`, async () => {
    const err = await failure(unary(users, "GetUser", { id: 99 }), grpc.status.NOT_FOUND);
    same(err.details, "there is no user 99", "the message");
    const [details] = err.metadata.get("grpc-status-details-bin");
    same(Buffer.from(details ?? "").includes("users.v1.UserProblem"), true, "a detail of type users.v1.UserProblem");
  });
  await check(`${name}: error of a stream`, () => failure(collect(greeter.GreetOften({ name: "Ada", times: 5000 })), grpc.status.OUT_OF_RANGE));
  await check(`${name}: no such method`, async () => {
    const missing = new grpc.Client(address, credentials, options);
    await failure(
      new Promise((resolve, reject) =>
        missing.makeUnaryRequest("/greet.v1.Greeter/Nothing", (b) => b, (b) => b, Buffer.alloc(0), (err, m) => (err ? reject(err) : resolve(m))),
      ),
      grpc.status.UNIMPLEMENTED,
    );
    missing.close();
  });
  await check(`${name}: deadline`, () =>
    failure(collect(ticker.Tick({ Every: { seconds: 10 }, Count: 5 }, { deadline: Date.now() + 200 })), grpc.status.DEADLINE_EXCEEDED),
  );
  await check(`${name}: cancellation`, async () => {
    const stream = ticker.Tick({ Every: { nanos: 2e7 }, Count: 100_000 });
    await failure(
      collect(stream, (m) => m.N === 3 && stream.cancel()),
      grpc.status.CANCELLED,
    );
  });
  for (const client of [greeter, users, arith, ticker]) {
    client.close();
  }
}

await checkAll("plaintext", grpc.credentials.createInsecure());
await checkAll("gzip", grpc.credentials.createInsecure(), {
  "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
});
await checkAll("TLS", grpc.credentials.createSsl(null, null, null, { rejectUnauthorized: false }));
end();
