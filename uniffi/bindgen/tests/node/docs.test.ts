import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as docs from "./docs.js";

const source = readFileSync(new URL("../src/docs.ts", import.meta.url), "utf8");

test("every docstring is in the source", () => {
  for (const text of [
    "Docstrings on every construct.",
    "This one has a second paragraph, a `code span`, and a line that ends a comment: *\\/",
    "What a function does.",
    " * - second",
    "A record's docstring.",
    "A field's docstring.",
    'Another, with "quotes" and a \\ backslash.',
    "A flat enum's docstring.",
    "A flat variant's docstring.",
    "A rich enum's docstring.",
    "A rich variant's docstring.",
    "An error's docstring.",
    "An error variant's docstring.",
    "An object's docstring.",
    "A constructor's docstring.",
    "A named constructor's docstring.",
    "A method's docstring.",
    "A callback interface's docstring.",
    "A callback method's docstring.",
  ]) {
    assert.ok(source.includes(text), text);
  }
});

test("what is documented works", () => {
  assert.equal(docs.shout("ab"), "AB");
  assert.equal(docs.shout("ab", 2), "ABAB");
  using library = docs.Library.withEntry({ key: "k", value: 1 });
  assert.equal(library.find("k").value, 1);
  assert.throws(() => library.find("x"), {
    name: "DocErrorMissing",
    message: "no entry x",
  });
  assert.equal(library.level({ tag: "One", value: 3 }), docs.Level.Low);
  let read: docs.Entry | undefined;
  docs.show({ read: (entry) => (read = entry) }, { key: "a", value: 2 });
  assert.deepEqual(read, { key: "a", value: 2 });
});
