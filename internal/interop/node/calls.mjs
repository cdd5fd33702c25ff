// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// The calls that every client of Connect's family makes, in Node.js and in a
// browser. The messages are those that the server's reflection told, as a set of
// file descriptors: also for the services that are plain Go.

import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";

/** Reads a set of file descriptors. */
export function readTypes(bytes) {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
}

function same(got, want, what = "the answer") {
  if (got !== want) {
    throw new Error(`${what} is ${String(got)}, not ${String(want)}`);
  }
}

/** Returns the error that a call must end with. */
async function failure(call, code) {
  const begin = Date.now();
  try {
    await call();
  } catch (err) {
    const e = ConnectError.from(err);
    same(Code[e.code], Code[code], `the code of "${e.message}"`);
    same(Date.now() - begin < 5000, true, "an end within 5 s");
    return e;
  }
  throw new Error(`there is no error, but ${Code[code]} was to come`);
}

async function collect(stream) {
  const all = [];
  for await (const m of stream) {
    all.push(m);
  }
  return all;
}

/**
 * Returns the calls, by name. In duplex, requests are streamed too, which
 * browsers cannot; without large there is none that is too long for a URL.
 */
export function calls(types, transport, { duplex = false, large = true } = {}) {
  const client = (service) => createClient(types.getService(service), transport);
  const greeter = client("greet.v1.Greeter");
  const users = client("users.v1.UserService");
  const arith = client("Arith");
  const ticker = client("Ticker");
  const every = (ms) => ({ seconds: BigInt(Math.trunc(ms / 1000)), nanos: (ms % 1000) * 1e6 });

  const all = {
    async unary() {
      same((await greeter.greet({ name: "Ada" })).text, "Hello, Ada!");
    },
    async "unary, plain Go"() {
      same((await arith.multiply({ A: 7n, B: 8n })).value, 56n);
    },
    async "server stream"() {
      const all = await collect(greeter.greetOften({ name: "Ada", times: 100 }));
      same(all.length, 100, "the number of messages");
      same(all[99].text, "Hello, Ada!");
    },
    async "server stream, plain Go"() {
      const all = await collect(ticker.tick({ Every: every(5), Count: 4n }));
      same(all.map((m) => m.N).join(), "1,2,3,4", "the ticks");
    },
    async "header and trailer"() {
      let header;
      await greeter.greet({ name: "Ada" }, { onHeader: (h) => (header = h) });
      same(header?.has("content-type"), true, "a header with its content type");
    },
    async "error with details"() {
      const err = await failure(() => users.getUser({ id: 99n }), Code.NotFound);
      same(err.rawMessage, "there is no user 99", "the message");
      const [detail] = err.findDetails(types.getMessage("users.v1.UserProblem"));
      same(detail?.field, "id", "the field in the detail");
    },
    async "error of plain Go"() {
      const err = await failure(() => arith.divide({ A: 1n }), Code.Unknown);
      same(err.rawMessage, "divide by zero", "the message");
    },
    async "error of a stream"() {
      await failure(() => collect(greeter.greetOften({ name: "Ada", times: 5000 })), Code.OutOfRange);
    },
    async "error after messages"() {
      await failure(() => collect(greeter.greetOften({ name: "", times: 3 })), Code.InvalidArgument);
    },
    async deadline() {
      await failure(() => collect(ticker.tick({ Every: every(10_000), Count: 5n }, { timeoutMs: 200 })), Code.DeadlineExceeded);
    },
    async cancellation() {
      const abort = new AbortController();
      await failure(async () => {
        for await (const tick of ticker.tick({ Every: every(20), Count: 100_000n }, { signal: abort.signal })) {
          if (tick.N === 3n || tick.N === 3) {
            abort.abort();
          }
        }
      }, Code.Canceled);
    },
  };
  if (large) {
    all["large message"] = async () => {
      const name = "Ada".repeat(100_000);
      same((await greeter.greet({ name })).text, `Hello, ${name}!`);
    };
  }
  if (duplex) {
    all["client stream"] = async () => {
      const names = async function* () {
        yield { name: "Ada" };
        yield { name: "Grace" };
      };
      same((await greeter.greetAll(names())).text, "Hello, Ada, Grace!");
    };
    all["bidirectional stream"] = async () => {
      const replies = [];
      let wake;
      const names = async function* () {
        for (const name of ["Ada", "Grace", "Barbara"]) {
          yield { name };
          await new Promise((resolve) => (wake = resolve)); // until it is answered
        }
      };
      for await (const m of greeter.greetEach(names())) {
        replies.push(m.text);
        wake();
      }
      same(replies.join(" "), "Hello, Ada! Hello, Grace! Hello, Barbara!", "the conversation");
    };
  }
  return all;
}
