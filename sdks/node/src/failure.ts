/**
 * What a handler throws to tell its caller something, and how any error is told. It owns the
 * handler's side of failures; what the caller catches is in `errors.ts`.
 */

import { kindOf } from "./argument.js";
import { FailureKind, type FailureInit } from "./generated/commy.js";
import { toJson } from "./message.js";

/**
 * Thrown by a handler: its caller gets a `HandlerFailedError` with the same code, message and
 * details.
 */
export class HandlerError extends Error {
  /** The application's own code, at most 128 bytes. */
  readonly code: string;
  /** Any value that JSON can express. */
  readonly details: unknown;
  /** @internal */
  readonly detailsJson: string | undefined;

  /** Throws a `TypeError` for details that JSON cannot express. */
  constructor(
    code: string,
    reason: string,
    options: { details?: unknown; cause?: unknown } = {},
  ) {
    super(reason, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
    Object.defineProperty(this, "detailsJson", {
      value:
        options.details === undefined ? undefined : toJson(options.details),
    });
  }
}

/** Thrown by a handler that cannot make sense of its request: `INVALID_ARGUMENT` to its caller. */
export class BadRequestError extends Error {}

/** Thrown by a handler for a method that it lacks: `UNIMPLEMENTED` to its caller. */
export class UnknownMethodError extends Error {}

HandlerError.prototype.name = "HandlerError";
BadRequestError.prototype.name = "BadRequestError";
UnknownMethodError.prototype.name = "UnknownMethodError";

/** Whether a handler threw it to tell its caller something, and not by mistake. */
export function isTold(error: unknown): boolean {
  return (
    error instanceof HandlerError ||
    error instanceof BadRequestError ||
    error instanceof UnknownMethodError
  );
}

/** What a caller is told of what its handler threw. */
export function lower(error: unknown): FailureInit {
  if (error instanceof HandlerError) {
    return {
      code: printable(error.code),
      reason: messageOf(error),
      detailsJson: error.detailsJson,
    };
  }
  if (error instanceof BadRequestError) {
    return { kind: FailureKind.BadRequest, reason: messageOf(error) };
  }
  if (error instanceof UnknownMethodError) {
    return unknownMethod(messageOf(error));
  }
  return { code: classOf(error), reason: messageOf(error) };
}

export function unknownMethod(reason: string): FailureInit {
  return { kind: FailureKind.UnknownMethod, reason: printable(reason) };
}

export function internal(reason: string): FailureInit {
  return { kind: FailureKind.Internal, reason: printable(reason) };
}

/** The name of an error's class. */
function classOf(error: unknown): string {
  // Node's aborts and timeouts are of one class, and tell themselves apart by name.
  if (error instanceof DOMException) {
    return printable(error.name);
  }
  try {
    return printable(kindOf(error));
  } catch {
    return "Error"; // a proxy, or a getter, that throws
  }
}

function messageOf(error: unknown): string {
  try {
    const text = error instanceof Error ? error.message : String(error);
    return printable(text) || classOf(error);
  } catch {
    return classOf(error); // what cannot even be made a string
  }
}

/** Text that UTF-8 can carry, whatever an error holds: telling of a failure must not fail. */
function printable(value: unknown): string {
  return String(value).replace(/\p{Surrogate}/gu, (half) => {
    return `\\u${half.charCodeAt(0).toString(16)}`;
  });
}
