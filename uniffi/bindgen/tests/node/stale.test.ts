import assert from "node:assert/strict";
import { test } from "node:test";

const remedy =
  "build the library and generate the bindings of primitives from the same sources";

async function refused(module: string, reason: RegExp): Promise<void> {
  await assert.rejects(import(module), (error) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, "IncompatibleLibraryError");
    assert.match(error.message, reason);
    assert.ok(error.message.endsWith(remedy), error.message);
    return true;
  });
}

test("a library of another contract is refused", async () => {
  await refused(
    "./contract.js",
    /libtopics\.so speaks version 30 of UniFFI's contract, the bindings speak 29/,
  );
});

test("a function with another signature is refused", async () => {
  await refused("./checksum.js", /^add in .*libtopics\.so differs/);
});

test("a library that lacks a function is refused", async () => {
  await refused(
    "./symbol.js",
    /libtopics\.so does not export uniffi_topic_primitives_checksum_func_gone/,
  );
});

test("a library that is not there is named", async () => {
  const variable = "UNIFFI_LIBRARY_TOPICS";
  const path = process.env[variable];
  delete process.env[variable];
  try {
    await assert.rejects(import("./primitives.js"), (error) => {
      assert.match(String(error), /is not at .*libtopics\.so/);
      assert.match(String(error), /or name it in UNIFFI_LIBRARY_TOPICS/);
      return true;
    });
  } finally {
    process.env[variable] = path;
  }
});
