/** Every failure is an error by its status, with what is known of it; the process goes on. */

import assert from "node:assert/strict";
import { describe } from "node:test";

import * as commy from "commy";
import {
  BadRequestError,
  CommyError,
  type Context,
  HandlerError,
  HandlerFailedError,
  InvalidArgumentError,
  Mesh,
  NotFoundError,
  UnimplementedError,
  UnknownMethodError,
} from "commy";

import { fact, failure, HALF, name } from "./support.js";

class Custom extends Error {}

class Unprintable extends Error {
  override get message(): string {
    throw new Error("not even this");
  }
}

const fails = {
  async custom() {
    throw new Custom("it broke: ä");
  },
  plain() {
    throw new Custom("it broke: ä");
  },
  told() {
    const details = { left: 2, of: ["ä"] };
    throw new HandlerError("OUT_OF_STOCK", "2 left", { details });
  },
  badRequest() {
    throw new BadRequestError("an order needs an id");
  },
  empty() {
    throw new TypeError();
  },
  unprintable() {
    throw new Unprintable();
  },
  surrogate() {
    throw new TypeError(HALF);
  },
  text() {
    throw "just text";
  },
  nothing() {
    throw undefined;
  },
  aborts() {
    AbortSignal.abort().throwIfAborted();
  },
  opaque() {
    throw Object.create(null);
  },
  long() {
    throw new HandlerError("C".repeat(1000), "r".repeat(100_000));
  },
  forwards() {
    throw new NotFoundError("no such order", { service: "other" });
  },
  fine: () => "fine",
};

/** What handlers throw is reported, too; here it is expected. */
const quiet = { onHandlerError: () => {} };

async function failed(mesh: Mesh, method: string): Promise<HandlerFailedError> {
  const error = await failure(mesh.call("fails", method), HandlerFailedError);
  assert.equal(await mesh.call("fails", "fine"), "fine");
  return error;
}

const statuses = Object.values(commy).filter(
  (value) =>
    typeof value === "function" && value.prototype instanceof CommyError,
) as (new (reason: string) => CommyError)[];

describe("errors", () => {
  for (const method of ["custom", "plain"]) {
    fact(
      `an error that is not caught is told by its class and message: ${method}`,
      async () => {
        await using mesh = await Mesh.start(name(), quiet);
        const { instance } = await mesh.register("fails", fails);
        const error = await failed(mesh, method);
        assert.equal(error.status, "HANDLER_FAILED");
        assert.equal(error.code, "Custom");
        assert.equal(error.reason, "it broke: ä");
        assert.equal(error.service, "fails");
        assert.equal(error.method, method);
        assert.equal(error.attempts, 1);
        assert.equal(error.instanceId, instance.id);
        assert.equal(error.details, undefined);
        assert.equal(String(error), "HandlerFailedError: it broke: ä");
      },
    );
  }

  fact("a handler's own error brings its code and details", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("fails", fails);
    const error = await failed(mesh, "told");
    assert.equal(error.code, "OUT_OF_STOCK");
    assert.equal(error.reason, "2 left");
    assert.deepEqual(error.details, { left: 2, of: ["ä"] });
  });

  for (const [method, code, reason] of [
    ["empty", "TypeError", "TypeError"],
    ["unprintable", "Unprintable", "Unprintable"],
    ["surrogate", "TypeError", "half \\ud83d"],
    ["text", "string", "just text"],
    ["nothing", "undefined", "undefined"],
    ["aborts", "AbortError", "This operation was aborted"],
    ["opaque", "object", "object"],
    ["forwards", "NotFoundError", "no such order"],
  ] as const) {
    fact(
      `an error that is hard to tell is told all the same: ${method}`,
      async () => {
        await using mesh = await Mesh.start(name(), quiet);
        await mesh.register("fails", fails);
        const error = await failed(mesh, method);
        assert.equal(error.code, code);
        assert.equal(error.reason, reason);
      },
    );
  }

  fact("an endless code does not silence the failure", async () => {
    await using mesh = await Mesh.start(name(), quiet);
    await mesh.register("fails", fails);
    const error = await failure(mesh.call("fails", "long"), CommyError);
    assert.match(error.status, /^(HANDLER_FAILED|INTERNAL)$/);
    assert.equal(await mesh.call("fails", "fine"), "fine");
  });

  fact(
    "a request that a handler cannot understand is an invalid argument",
    async () => {
      await using mesh = await Mesh.start(name());
      await mesh.register("fails", fails);
      await failure(
        mesh.call("fails", "badRequest"),
        InvalidArgumentError,
        /an order needs an id/,
      );
    },
  );

  fact("a function may say that it lacks a method", async () => {
    await using mesh = await Mesh.start(name());
    await mesh.register("picky", (_, { method }) => {
      throw new UnknownMethodError(`picky has no ${method}`);
    });
    await failure(
      mesh.call("picky", "wish"),
      UnimplementedError,
      /picky has no wish/,
    );
  });

  fact(
    "what a handler throws by mistake is reported where it runs",
    async () => {
      const reported: [unknown, Context][] = [];
      await using mesh = await Mesh.start(name(), {
        onHandlerError: (error, context) => reported.push([error, context]),
      });
      await mesh.register("fails", fails);
      await failed(mesh, "custom");
      await failed(mesh, "told");
      await failure(mesh.call("fails", "badRequest"), InvalidArgumentError);
      assert.equal(reported.length, 1);
      const [[error, context] = []] = reported;
      assert.ok(error instanceof Custom);
      assert.equal(context?.method, "custom");
    },
  );

  fact(
    "details that JSON cannot express are refused where they are given",
    () => {
      assert.throws(
        () => new HandlerError("CODE", "reason", { details: Symbol("s") }),
        TypeError,
      );
    },
  );

  fact("every status of the interface has its error", () => {
    const expected = [
      "CANCELLED",
      "INVALID_ARGUMENT",
      "DEADLINE_EXCEEDED",
      "NOT_FOUND",
      "ALREADY_EXISTS",
      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED",
      "FAILED_PRECONDITION",
      "UNIMPLEMENTED",
      "INTERNAL",
      "UNAVAILABLE",
      "UNAUTHENTICATED",
    ];
    const found = statuses
      .filter((kind) => kind !== (HandlerFailedError as unknown))
      .map((kind) => new kind("why"));
    assert.deepEqual(found.map(({ status }) => status).sort(), expected.sort());
    for (const error of found) {
      const words = error.name.replace(/Error$/, "").split(/(?=[A-Z])/);
      assert.equal(error.status, words.join("_").toUpperCase());
      assert.equal(error.code, error.status);
      assert.ok(error instanceof CommyError && error instanceof Error);
    }
    const failed = new HandlerFailedError("CODE", "why", [1]);
    assert.equal(failed.status, "HANDLER_FAILED");
    assert.equal(failed.code, "CODE");
    assert.equal(failed.name, "HandlerFailedError");
  });

  fact("the stack tells where commy was called", async () => {
    async function theCaller(mesh: Mesh): Promise<void> {
      await mesh.call("nobody");
    }
    await using mesh = await Mesh.start(name());
    const later = await failure(theCaller(mesh), NotFoundError);
    assert.match(later.stack ?? "", /theCaller/);
    assert.doesNotMatch(later.stack ?? "", /lifting|generated/);
    const now = await failure(() => mesh.discover(""), InvalidArgumentError);
    assert.match(now.stack ?? "", /errors\.test/);
  });
});
