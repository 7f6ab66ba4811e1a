import assert from "node:assert/strict";
import { test } from "node:test";

import koffi from "koffi";

import * as binary from "./binary.js";

const all = Uint8Array.from({ length: 256 }, (_, index) => index);

test("bytes cross unchanged, and come as the caller's own", () => {
  assert.deepEqual(binary.echo(all), all);
  assert.deepEqual(binary.echo(new Uint8Array()), new Uint8Array());
  assert.deepEqual(
    binary.echo(Buffer.from("abc")),
    new Uint8Array([97, 98, 99]),
  );
  const echoed = binary.echo(all);
  assert.equal(echoed.buffer.byteLength, echoed.length);
  assert.deepEqual(binary.echoOptional(undefined), undefined);
  assert.deepEqual(binary.split(all, 1), [all.slice(0, 1), all.slice(1)]);
});

test("large bytes cross", () => {
  const large = new Uint8Array(5_000_000).fill(7);
  assert.deepEqual(binary.echo(large), large);
});

test("borrowed bytes are seen where they are", () => {
  const data = new Uint8Array(new ArrayBuffer(1000)).fill(1);
  assert.equal(binary.checksum(data), 1000n);
  assert.equal(binary.address(data), BigInt(koffi.address(data)));
  assert.equal(
    binary.address(data.subarray(10)),
    BigInt(koffi.address(data)) + 10n,
  );
  assert.deepEqual(
    binary.doubled(all.subarray(1, 3)),
    new Uint8Array([1, 2, 1, 2]),
  );
  assert.equal(binary.startsWith(all, all.subarray(0, 9)), true);
  assert.equal(binary.checksum(new Uint8Array()), 0n);
});

test("an object takes borrowed bytes and gives a record with bytes", () => {
  using hasher = new binary.Hasher();
  hasher.update(all);
  hasher.update(new Uint8Array([1]));
  assert.equal(hasher.finish(), 32641n);
  const packet = hasher.packet("name");
  assert.equal(packet.name, "name");
  assert.equal(packet.payload.length, 257);
});

test("what is no bytes is refused", () => {
  assert.throws(() => binary.echo([1] as never), {
    name: "TypeError",
    message: "Uint8Array expected, got Array",
  });
  assert.throws(() => binary.checksum("1" as never), TypeError);
});
