/** What the documentation shows is what happens. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import * as commy from "commy";

import { fact } from "./support.js";

const readme = readFileSync(
  new URL("README.md", import.meta.resolve("commy/package.json")),
  "utf8",
);
const programs = [...readme.matchAll(/```js\n(import .*?)```/gs)].map(
  ([, program]) => program ?? "",
);

describe("docs", () => {
  fact("there are programs in the README", () => {
    assert.ok(programs.length >= 2, `${programs.length} programs`);
  });

  for (const [index, program] of programs.entries()) {
    fact(`program ${index + 1} in the README runs`, async () => {
      const { stderr } = await promisify(execFile)(
        process.execPath,
        ["--input-type=module", "--eval", program],
        { cwd: fileURLToPath(new URL(".", import.meta.url)), timeout: 20_000 },
      );
      assert.equal(stderr, "");
    });
  }

  fact(
    "every error that the README names exists, and every one is named",
    () => {
      const named = new Set(readme.match(/\b[A-Z]\w+Error\b/g));
      for (const name of named) {
        assert.ok(name in commy || name in globalThis, name);
      }
      for (const name of Object.keys(commy)) {
        assert.ok(!name.endsWith("Error") || named.has(name), name);
      }
    },
  );
});
