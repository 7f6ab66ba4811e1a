/**
 * From the runtime's threads to the handlers and back: one answer for every request. It knows
 * nothing of meshes, names or registrations.
 */

import { InvalidArgumentError } from "./errors.js";
import * as failure from "./failure.js";
import type * as raw from "./generated/commy.js";
import { type Context, RequestContext, type Service } from "./handler.js";
import { decode, encode } from "./message.js";

/** Told of what a handler threw by mistake: its caller learns of it, too, but not of its stack. */
export type HandlerErrorListener = (error: unknown, context: Context) => void;

interface Job {
  invocation: raw.Invocation;
  request: raw.IncomingRequest;
  context: RequestContext;
}

/** Answers the requests of one registration. */
export class Dispatcher implements raw.Handler {
  readonly #service: Service;
  readonly #onHandlerError: HandlerErrorListener;
  readonly #jobs = new Map<bigint, Job>();

  constructor(service: Service, onHandlerError: HandlerErrorListener) {
    this.#service = service;
    this.#onHandlerError = onHandlerError;
  }

  // The runtime's thread waits until these return, so users' code runs only afterwards.

  start(invocation: raw.Invocation, request: raw.IncomingRequest): void {
    const job = { invocation, request, context: new RequestContext(request) };
    this.#jobs.set(request.invocationId, job);
    queueMicrotask(() => void this.#answer(job));
  }

  cancel(invocationId: bigint): void {
    const job = this.#jobs.get(invocationId);
    if (job !== undefined) {
      // A handler that never ends keeps what it was given, and nobody else does.
      this.#jobs.delete(invocationId);
      queueMicrotask(() => job.context.cancel());
    }
  }

  async #answer(job: Job): Promise<void> {
    const { invocation, request } = job;
    try {
      const answer = await this.#run(job);
      if ("payload" in answer) {
        invocation.complete(answer);
      } else {
        invocation.fail(answer);
      }
    } catch (error) {
      // Such as headers that are too large to be written.
      invocation.fail(failure.internal(String(error)));
    } finally {
      this.#jobs.delete(request.invocationId);
      // Now, not when it is collected: what is not answered is over, then.
      invocation[Symbol.dispose]();
    }
  }

  async #run(job: Job): Promise<raw.MessageInit | raw.FailureInit> {
    const { request, context } = job;
    const { service, method, message } = request;
    const run = this.#service.find(method);
    if (run === undefined) {
      const names = this.#service.methods.join(", ");
      return failure.unknownMethod(
        `${service} has no method ${JSON.stringify(method)}; it has ${names}`,
      );
    }
    let result: unknown;
    try {
      const payload = decodeRequest(message);
      result = await run(payload, context);
    } catch (error) {
      if (!failure.isTold(error) && !context.isCancelled) {
        this.#tell(error, context);
      }
      return failure.lower(error);
    }
    try {
      return encode(result);
    } catch (error) {
      return failure.internal(
        `${service} returned from ${JSON.stringify(method)} what cannot be sent: ${(error as Error).message}`,
      );
    }
  }

  #tell(error: unknown, context: Context): void {
    try {
      this.#onHandlerError(error, context);
    } catch (other) {
      // As any listener's error: it is nobody's to catch.
      setImmediate(() => {
        throw other;
      });
    }
  }
}

function decodeRequest({ payload, contentType }: raw.Message): unknown {
  try {
    return decode(payload, contentType);
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      throw new failure.BadRequestError(error.message);
    }
    throw error;
  }
}
