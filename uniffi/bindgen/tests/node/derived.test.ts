import assert from "node:assert/strict";
import { test } from "node:test";

import * as derived from "./derived.js";

test("objects have Rust's traits as methods", () => {
  const one = new derived.Version(1, 2);
  const same = new derived.Version(1, 2);
  const later = new derived.Version(1, 10);
  assert.equal(String(one), "v1.2");
  assert.equal(one.toDebugString(), "Version { major: 1, minor: 2 }");
  assert.ok(one.equals(same));
  assert.ok(!one.equals(later));
  assert.equal(one.compareTo(later), -1);
  assert.equal(one.compareTo(same), 0);
  assert.equal(later.compareTo(one), 1);
  assert.equal(one.hashCode(), same.hashCode());
  assert.deepEqual(derived.sorted([later, one]).map(String), ["v1.2", "v1.10"]);
});

test("an object may have some of them", () => {
  const token = new derived.Token("a");
  assert.ok(token.equals(new derived.Token("a")));
  assert.ok(!token.equals(new derived.Token("b")));
});

test("values have them as functions", () => {
  const span = derived.echoSpan({ from: 1, to: 5 });
  assert.equal(derived.spanToString(span), "1..5");
  assert.equal(derived.spanToDebugString(span), "Span { from: 1, to: 5 }");
  assert.ok(derived.spanEquals(span, { from: 1, to: 5 }));
  assert.equal(derived.spanCompareTo(span, { from: 1, to: 6 }), -1);
  assert.equal(
    derived.spanHashCode(span),
    derived.spanHashCode({ from: 1, to: 5 }),
  );
  const level = derived.echoLevel({ tag: "High", by: 2 });
  assert.equal(derived.levelToString(level), "high by 2");
  assert.ok(!derived.levelEquals(level, { tag: "Low" }));
  assert.equal(derived.levelCompareTo(level, { tag: "Low" }), 1);
});
