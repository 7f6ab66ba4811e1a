/** Bytes travel untouched, other values as JSON; what is neither, or too large, is refused. */

import assert from "node:assert/strict";
import { describe } from "node:test";

import {
  InternalError,
  InvalidArgumentError,
  Mesh,
  Message,
  ResourceExhaustedError,
} from "commy";

import { echo, fact, failure, HALF, name } from "./support.js";

const MIB = 2 ** 20;
const EXPRESS = /must be bytes or a value that JSON can express/;
const encoder = new TextEncoder();

function counted(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => index % 256);
}

describe("payload", () => {
  for (const size of [0, 1, 255, 65_536, MIB]) {
    fact(`bytes travel untouched: ${size}`, async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("echo", echo);
      const payload = counted(size);
      const reply = await mesh.request("echo", "", payload);
      assert.deepEqual(reply.value, payload);
      assert.equal(reply.contentType, "application/octet-stream");
    });
  }

  const { buffer } = counted(8);
  const holders: [string, unknown, number[]][] = [
    ["a Buffer", Buffer.from("abc"), [97, 98, 99]],
    ["an ArrayBuffer", buffer, [0, 1, 2, 3, 4, 5, 6, 7]],
    ["part of a buffer", new Uint8Array(buffer, 2, 3), [2, 3, 4]],
    ["a DataView", new DataView(buffer, 1, 2), [1, 2]],
    ["words", new Uint16Array(buffer, 2, 2), [2, 3, 4, 5]],
  ];
  for (const [what, payload, expected] of holders) {
    fact(`whatever holds bytes travels as bytes: ${what}`, async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("echo", echo);
      const answer = await mesh.call<Uint8Array>("echo", "", payload);
      assert.ok(answer instanceof Uint8Array);
      assert.deepEqual([...answer], expected);
    });
  }

  for (const value of [
    null,
    true,
    0,
    -1,
    2 ** 53,
    0.1,
    -1e-300,
    "",
    "ä€🎉\0\n",
    [],
    {},
    [1, [2, [3]]],
    { ä: { b: [null] } },
    { ["__proto__"]: 1 },
  ]) {
    fact(`JSON travels as it is: ${JSON.stringify(value)}`, async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("echo", echo);
      assert.deepEqual(await mesh.call("echo", "", value), value);
    });
  }

  fact(
    "what JSON leaves out or converts itself is left out or converted",
    async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("echo", echo);
      const value = {
        absent: undefined,
        at: new Date(0),
        price: { toJSON: () => 7 },
      };
      assert.deepEqual(await mesh.call("echo", "", value), {
        at: "1970-01-01T00:00:00.000Z",
        price: 7,
      });
    },
  );

  fact("JSON on the wire is compact UTF-8", async () => {
    await using mesh = await Mesh.start(name());
    const seen: unknown[] = [];
    await mesh.register("raw", (value) => void seen.push(value));
    const text = encoder.encode('{"\\u00e4": 1}');
    await mesh.call("raw", "", text, { contentType: "text/plain" });
    const contentType = "application/cbor";
    await mesh.call("raw", "", { ä: [1, 2] }, { contentType });
    assert.deepEqual(seen, [text, encoder.encode('{"ä":[1,2]}')]);
  });

  for (const contentType of [
    "application/json",
    "Application/JSON; charset=utf-8",
  ]) {
    fact(
      `bytes that say they are JSON are decoded: ${contentType}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await mesh.register("echo", echo);
        const payload = encoder.encode(' {"a": [1]} ');
        const answer = await mesh.call("echo", "", payload, { contentType });
        assert.deepEqual(answer, { a: [1] });
      },
    );
  }

  const broken: [string, Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["an open brace", encoder.encode("{")],
    ["no UTF-8", Uint8Array.of(0xff)],
    ["a byte order mark", encoder.encode("\ufeff1")],
    ["UTF-16", Buffer.from('"ä"', "utf16le")],
    ["NaN", encoder.encode("NaN")],
    ["Infinity", encoder.encode("[Infinity]")],
    ["two values", encoder.encode("1 2")],
    ["depth", encoder.encode("[".repeat(100_000))],
  ];
  for (const [what, payload] of broken) {
    fact(
      `a request that is not the JSON it says is an invalid argument: ${what}`,
      async () => {
        await using mesh = await Mesh.start(name());
        let calls = 0;
        await mesh.register("count", () => void (calls += 1));
        const contentType = "application/json";
        await failure(
          mesh.call("count", "", payload, { contentType }),
          InvalidArgumentError,
          /not the JSON/,
        );
        assert.equal(calls, 0);
        await mesh.call("count", "", 1);
      },
    );
  }

  fact("a reply that is not the JSON it says is internal", async () => {
    await using mesh = await Mesh.start(name());
    const contentType = "application/json";
    const answer = new Message(encoder.encode("{"), { contentType });
    await mesh.register("broken", () => answer);
    const error = await failure(
      mesh.call("broken"),
      InternalError,
      /cannot be read/,
    );
    assert.equal(error.service, "broken");
    assert.equal(error.instanceId, mesh.discover("broken")[0]?.id);
  });

  const circle: unknown[] = [];
  circle.push(circle);
  const inexpressible: [string, unknown][] = [
    ["a function", () => {}],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["a bigint inside", { a: 1n }],
    ["a function inside", [() => {}]],
    ["a map", new Map([[1, 2]])],
    ["a set inside", { a: new Set([1]) }],
    ["bytes inside", [new Uint8Array(1)]],
    ["an error", new Error("e")],
    ["a promise that was not awaited", Promise.resolve(1)],
    ["undefined in a list", [undefined]],
    ["a circle", circle],
  ];
  for (const [what, value] of inexpressible) {
    fact(
      `a value that JSON cannot express is a type error: ${what}`,
      async () => {
        await using mesh = await Mesh.start(name());
        await mesh.register("echo", echo);
        await failure(mesh.call("echo", "", value), TypeError, EXPRESS);
        await failure(mesh.publish("topic", value), TypeError, EXPRESS);
      },
    );
  }

  let deep: unknown[] = [];
  for (let depth = 0; depth < 100_000; depth++) {
    deep = [deep];
  }
  const changed: [string, unknown][] = [
    ["NaN", NaN],
    ["Infinity inside", { a: [Infinity] }],
    ["half a surrogate pair", HALF],
    ["half a surrogate pair as a key", { [HALF]: 1 }],
    ["depth", deep],
  ];
  for (const [what, value] of changed) {
    fact(`a value that JSON would change is refused: ${what}`, async () => {
      await using mesh = await Mesh.start(name());
      await failure(mesh.call("echo", "", value), InvalidArgumentError);
    });
  }

  const unsendable: [string, unknown][] = [
    ["a symbol", Symbol("s")],
    ["NaN", NaN],
    ["a bigint inside", { a: 1n }],
    ["half a surrogate pair", HALF],
    ["a bad header", new Message(1, { headers: { key: HALF } })],
    [
      "a header of the wrong type",
      new Message(1, { headers: { key: 1 as never } }),
    ],
  ];
  for (const [what, value] of unsendable) {
    fact(`an answer that cannot be sent is internal: ${what}`, async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("bad", { method: () => value, fine: () => "fine" });
      await failure(
        mesh.call("bad", "method"),
        InternalError,
        /bad returned from "method" what cannot be sent/,
      );
      assert.equal(await mesh.call("bad", "fine"), "fine");
    });
  }

  fact("a payload over the mesh's limit is refused, both ways", async () => {
    await using mesh = await Mesh.start(name(), { maxPayloadBytes: 1_000 });
    await mesh.register("echo", echo);
    await mesh.register("large", () => new Uint8Array(1_001));
    const most = new Uint8Array(1_000);
    assert.deepEqual(await mesh.call("echo", "", most), most);
    const more = new Uint8Array(1_001);
    await failure(mesh.call("echo", "", more), ResourceExhaustedError);
    await failure(mesh.publish("topic", more), ResourceExhaustedError);
    await failure(mesh.call("large"), ResourceExhaustedError);
  });

  fact("eight MiB go through by default, and no more", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("echo", echo);
    const large = counted(8 * MIB);
    assert.deepEqual(await mesh.call("echo", "", large), large);
    await failure(
      mesh.call("echo", "", new Uint8Array(8 * MIB + 1)),
      ResourceExhaustedError,
    );
  });

  fact(
    "a payload that is changed after the call was made is sent as it was",
    async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("echo", echo);
      const payload = Uint8Array.of(1, 2, 3);
      const call = mesh.call("echo", "", payload);
      payload.fill(9);
      assert.deepEqual(await call, Uint8Array.of(1, 2, 3));
    },
  );

  fact("a reply names its own content type", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("image", (_, { contentType }) => {
      const headers = { asked: contentType };
      return new Message(Uint8Array.of(137, 80), {
        contentType: "image/png",
        headers,
      });
    });
    const contentType = "text/plain";
    const payload = encoder.encode("?");
    const reply = await mesh.request("image", "", payload, { contentType });
    assert.deepEqual(reply.value, Uint8Array.of(137, 80));
    assert.equal(reply.contentType, "image/png");
    assert.deepEqual(reply.headers, { asked: "text/plain" });
  });
});
