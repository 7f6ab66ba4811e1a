import assert from "node:assert/strict";
import { test } from "node:test";

import * as customs from "./customs.js";
import { InternalError } from "./uniffi-runtime.js";

test("a custom type is what the configuration says", () => {
  const url: customs.Url = new URL("https://example.org/a?b=c");
  const echoed = customs.echoUrl(url);
  assert.ok(echoed instanceof URL);
  assert.equal(echoed.href, url.href);
  assert.equal(customs.hostOf(url), "example.org");
  assert.deepEqual(customs.echoUrls([url])[0]?.href, url.href);
});

test("one without configuration is what it is made of", () => {
  const handle: customs.Handle = -5n;
  assert.equal(customs.echoHandle(handle), -5n);
  const digest: customs.Digest = new Uint8Array([1, 2]);
  assert.deepEqual(customs.echoDigest(digest), digest);
});

test("custom types cross inside others", () => {
  const url = new URL("https://example.org/");
  const handles = customs.echoHandles(new Map([[url, 1n]]));
  assert.deepEqual(
    [...handles].map(([key, value]) => [key.href, value]),
    [[url.href, 1n]],
  );
  const site = customs.echoSite({ url, handle: 2n });
  assert.equal(site?.url.href, url.href);
  assert.equal(site?.handle, 2n);
  assert.equal(customs.echoSite(undefined), undefined);
});

test("a value that Rust cannot convert is an internal error with its reason", () => {
  assert.throws(
    () => customs.hostOf(new URL("mailto:someone")),
    (error) =>
      error instanceof InternalError &&
      error.message.includes("not a URL: mailto:someone"),
  );
});
