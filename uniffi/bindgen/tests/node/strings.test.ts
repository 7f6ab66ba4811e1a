import assert from "node:assert/strict";
import { test } from "node:test";

import * as strings from "./strings.js";

test("strings cross unchanged", () => {
  for (const text of ["", "a", "zwölf", "日本語", "🦀🦀", "a\0b"]) {
    assert.equal(strings.echo(text), text);
  }
});

test("Rust sees the UTF-8 that was passed", () => {
  assert.equal(strings.bytesIn("zwölf"), 6);
  assert.equal(strings.scalarsIn("🦀🦀"), 2);
  assert.equal(strings.isEmpty(""), true);
  assert.equal(strings.isEmpty(" "), false);
});

test("several strings cross in one call", () => {
  assert.equal(strings.join("left ", "right"), "left right");
  assert.equal(strings.reversed("abc"), "cba");
});

test("a long string crosses", () => {
  assert.equal(strings.repeat("0123456789", 100_000).length, 1_000_000);
});

test("what is no string is refused", () => {
  assert.throws(() => strings.echo(7 as unknown as string), {
    name: "TypeError",
    message: "string expected, got number",
  });
});
