/**
 * Services as JavaScript: how an object or a function answers requests. It owns which methods a
 * service has and what they may learn of a request; how requests reach it is in `dispatch.ts`.
 */

import { kindOf } from "./argument.js";
import type * as raw from "./generated/commy.js";
import { record } from "./message.js";

/** What a handler may know of the request that it answers, beyond its payload. */
export interface Context {
  /** The service that was called. */
  readonly service: string;
  /** The method that is asked for. */
  readonly method: string;
  /** The headers that the caller sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the payload is, as a media type. */
  readonly contentType: string;
  /** The id of the node that calls. */
  readonly caller: string;
  /** Which attempt of the call this is, from 1. */
  readonly attempt: number;
  /** The milliseconds until the caller stops waiting; never less than 0. */
  readonly timeLeft: number;
  /** Aborted when nobody waits any more: the caller gave up, or its deadline passed. */
  readonly signal: AbortSignal;
}

/**
 * Answers a request: what it returns, or what a promise that it returns resolves to, is the reply.
 */
export type HandlerFunction = (
  // The payload is what the caller sent: only the handler knows what that should be.
  payload: any,
  context: Context,
) => unknown;

/**
 * What answers the requests of a service: an object, whose methods are the service's, or a
 * function that answers them all. Methods are own and inherited ones, except those whose names
 * begin with `_`, and those that every object has.
 */
export type Handler =
  HandlerFunction | { readonly [method: string]: HandlerFunction } | object;

/** Finds what answers a method. */
export interface Service {
  find(method: string): HandlerFunction | undefined;
  readonly methods: readonly string[];
}

/** Throws a `TypeError` for what cannot answer requests. */
export function serviceOf(handler: unknown): Service {
  if (typeof handler === "function") {
    if (/^class\b/.test(Function.prototype.toString.call(handler))) {
      throw new TypeError(
        `the class ${handler.name} is no handler: pass an object of it`,
      );
    }
    return { find: () => handler as HandlerFunction, methods: [] };
  }
  if (typeof handler !== "object" || handler === null) {
    throw new TypeError(
      `a handler must be an object with methods or a function, not ${kindOf(handler)}`,
    );
  }
  const methods = methodsOf(handler);
  if (methods.size === 0) {
    throw new TypeError(
      `a handler must have methods, which ${kindOf(handler)} has not`,
    );
  }
  return {
    find: (method) => methods.get(method),
    methods: [...methods.keys()].sort(),
  };
}

function methodsOf(target: object): Map<string, HandlerFunction> {
  const methods = new Map<string, HandlerFunction>();
  const seen = new Set(["constructor"]);
  for (
    let owner: object | null = target;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    const members = Object.getOwnPropertyDescriptors(owner);
    for (const [name, member] of Object.entries(members)) {
      // Nothing is read, so that no getter is run.
      const value: unknown = member.value;
      if (
        !seen.has(name) &&
        !name.startsWith("_") &&
        typeof value === "function"
      ) {
        methods.set(name, value.bind(target) as HandlerFunction);
      }
      seen.add(name);
    }
  }
  return methods;
}

/** The context of one request. */
export class RequestContext implements Context {
  readonly service: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly caller: string;
  readonly attempt: number;
  readonly #deadline: number;
  #controller: AbortController | undefined;
  #isCancelled = false;

  constructor(request: raw.IncomingRequest) {
    this.service = request.service;
    this.method = request.method;
    this.headers = record(request.message.headers);
    this.contentType = request.message.contentType;
    this.caller = request.caller;
    this.attempt = request.attempt;
    this.#deadline = performance.now() + Number(request.timeLeftMs);
  }

  get timeLeft(): number {
    return Math.max(0, this.#deadline - performance.now());
  }

  get signal(): AbortSignal {
    // Few handlers look at it.
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isCancelled) {
        this.#controller.abort();
      }
    }
    return this.#controller.signal;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#controller?.abort();
  }
}
