/**
 * Every failure as an error by its status. It owns what callers catch; what a handler throws is
 * in `failure.ts`.
 */

import * as raw from "./generated/commy.js";
import * as runtime from "./generated/uniffi-runtime.js";

/** What went wrong, by gRPC's names, and one for a handler's own failure. */
export type Status =
  | "CANCELLED"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "UNAUTHENTICATED"
  | "HANDLER_FAILED";

/** Where a failure happened. */
export interface ErrorPlace {
  /** The service concerned, if one is. */
  service?: string | undefined;
  /** The method concerned, if one is. */
  method?: string | undefined;
  /** The id of the instance that failed, if one was chosen. */
  instanceId?: string | undefined;
  /** How many instances were tried. */
  attempts?: number | undefined;
}

/** The base of all of commy's errors: one class a status. */
export abstract class CommyError extends Error {
  /** What went wrong. */
  readonly status: Status;
  /** The status, too, but of a {@link HandlerFailedError}: the application's own code. */
  readonly code: string;
  /** The service concerned, if one is. */
  readonly service: string | undefined;
  /** The method concerned, if one is. */
  readonly method: string | undefined;
  /** The id of the instance that failed, if one was chosen. */
  readonly instanceId: string | undefined;
  /** How many instances were tried. */
  readonly attempts: number;

  /** @internal */
  constructor(
    status: Status,
    reason: string,
    place: ErrorPlace = {},
    code: string = status,
  ) {
    super(reason);
    this.status = status;
    this.code = code;
    this.service = place.service;
    this.method = place.method;
    this.instanceId = place.instanceId;
    this.attempts = place.attempts ?? 0;
  }

  /** What happened: the value and the rule that it broke. The message, under the mesh's name. */
  get reason(): string {
    return this.message;
  }
}

/** The operation was cancelled by its caller. An abort by a signal rejects with its own reason. */
export class CancelledError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("CANCELLED", reason, place);
  }
}

/** A value breaks a rule; the same request cannot succeed. */
export class InvalidArgumentError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("INVALID_ARGUMENT", reason, place);
  }
}

/** The deadline passed before there was an answer. */
export class DeadlineExceededError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("DEADLINE_EXCEEDED", reason, place);
  }
}

/** There is no such service, or no instance of it that the call may use. */
export class NotFoundError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("NOT_FOUND", reason, place);
  }
}

/** What was to be made exists. */
export class AlreadyExistsError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("ALREADY_EXISTS", reason, place);
  }
}

/** The caller may not do this. */
export class PermissionDeniedError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("PERMISSION_DENIED", reason, place);
  }
}

/** A bound was reached: a queue, a payload's size, calls in flight. */
export class ResourceExhaustedError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("RESOURCE_EXHAUSTED", reason, place);
  }
}

/** The state does not allow it: a mesh that is not running, a call to an advertised service. */
export class FailedPreconditionError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("FAILED_PRECONDITION", reason, place);
  }
}

/** The service has no such method. */
export class UnimplementedError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("UNIMPLEMENTED", reason, place);
  }
}

/** A handler broke its contract, or commy has a defect. */
export class InternalError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("INTERNAL", reason, place);
  }
}

/** No instance can answer now; another try may succeed. */
export class UnavailableError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("UNAVAILABLE", reason, place);
  }
}

/** The caller's identity is not known. */
export class UnauthenticatedError extends CommyError {
  constructor(reason: string, place?: ErrorPlace) {
    super("UNAUTHENTICATED", reason, place);
  }
}

/** The handler itself reported a failure, or threw what it did not catch. */
export class HandlerFailedError extends CommyError {
  /** The handler's own details, from JSON; absent without any. */
  readonly details: unknown;

  /** `code` is the handler's own; for what it did not catch, the name of the error's class. */
  constructor(
    code: string,
    reason: string,
    details?: unknown,
    place?: ErrorPlace,
  ) {
    super("HANDLER_FAILED", reason, place, code);
    this.details = details;
  }
}

type Plain = new (reason: string, place?: ErrorPlace) => CommyError;

const PLAIN: Record<Exclude<raw.CommyError["tag"], "HandlerFailed">, Plain> = {
  Cancelled: CancelledError,
  InvalidArgument: InvalidArgumentError,
  DeadlineExceeded: DeadlineExceededError,
  NotFound: NotFoundError,
  AlreadyExists: AlreadyExistsError,
  PermissionDenied: PermissionDeniedError,
  ResourceExhausted: ResourceExhaustedError,
  FailedPrecondition: FailedPreconditionError,
  Unimplemented: UnimplementedError,
  Internal: InternalError,
  Unavailable: UnavailableError,
  Unauthenticated: UnauthenticatedError,
};

// On the prototypes, where errors of the language have theirs, and not by the classes' own names,
// which tools that make code small change.
for (const [tag, kind] of Object.entries(PLAIN)) {
  kind.prototype.name = `${tag}Error`;
}
HandlerFailedError.prototype.name = "HandlerFailedError";

/**
 * The error for what the bindings threw; anything else is handed through. Its stack begins with
 * the caller of `above`.
 */
export function lift(error: unknown, above: Function = lift): unknown {
  const lifted =
    error instanceof runtime.InternalError
      ? new InternalError(`commy failed: ${error.message}`)
      : error instanceof raw.CommyError
        ? liftDeclared(error)
        : undefined;
  if (lifted === undefined) {
    return error;
  }
  Error.captureStackTrace(lifted, above);
  return lifted;
}

function liftDeclared(error: raw.CommyError): CommyError {
  // Each of the variants has it, but the base cannot say so.
  const { info } = error as raw.CommyErrorInternal;
  return error.tag === "HandlerFailed"
    ? new HandlerFailedError(
        info.code ?? "",
        info.reason,
        details(info.detailsJson),
        info,
      )
    : new PLAIN[error.tag](info.reason, info);
}

/** Runs what uses the bindings, and throws what it throws as an error of commy's. */
export function lifting<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw lift(error, lifting);
  }
}

/** As `lifting`, for what ends later. */
export async function liftingAsync<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw lift(error, liftingAsync);
  }
}

/** Another language's handler wrote this text: what is not JSON is handed over as it is. */
function details(text: string | undefined): unknown {
  if (text === undefined) {
    return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
