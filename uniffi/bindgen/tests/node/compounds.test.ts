import assert from "node:assert/strict";
import { test } from "node:test";

import * as compounds from "./compounds.js";

test("optionals are undefined when there is nothing", () => {
  assert.equal(compounds.echoOptional(undefined), undefined);
  assert.equal(compounds.echoOptional(null as never), undefined);
  assert.equal(compounds.echoOptional(0), 0);
  assert.equal(compounds.echoOptionalString(""), "");
  assert.equal(compounds.echoOptionalBoolean(false), false);
});

test("sequences and maps cross, empty ones too", () => {
  assert.deepEqual(compounds.echoSequence([]), []);
  assert.deepEqual(compounds.echoSequence([1, -2, 3]), [1, -2, 3]);
  assert.deepEqual(compounds.echoStrings(["", "ö"]), ["", "ö"]);
  assert.equal(compounds.sum([1n, 2n, -5n]), -2n);
  const map = new Map([
    ["a", 1n],
    ["b", 2n ** 64n - 1n],
  ]);
  assert.deepEqual(compounds.echoMap(map), map);
  assert.deepEqual(compounds.echoMap(new Map()), new Map());
  const numbered = new Map([[7, "seven"]]);
  assert.deepEqual(compounds.echoNumbered(numbered), numbered);
});

test("compounds nest", () => {
  assert.deepEqual(compounds.echoGaps(["a", undefined]), ["a", undefined]);
  assert.deepEqual(compounds.echoGrid([[1], [], [255]]), [[1], [], [255]]);
  assert.equal(compounds.echoIndex(undefined), undefined);
  const index = new Map([["x", [{ key: "k", position: undefined }]]]);
  assert.deepEqual(compounds.echoIndex(index), index);
});

test("a long sequence crosses", () => {
  const values = Array.from({ length: 100_000 }, (_, index) => index);
  assert.deepEqual(compounds.echoSequence(values), values);
});

test("what is no collection is refused", () => {
  assert.throws(() => compounds.echoSequence("12" as never), {
    name: "TypeError",
    message: "array expected, got string",
  });
  assert.throws(() => compounds.echoMap({ a: 1n } as never), {
    name: "TypeError",
    message: "Map expected, got Object",
  });
  assert.throws(() => compounds.echoGrid([[256]]), RangeError);
});
