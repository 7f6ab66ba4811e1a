/**
 * Payloads: bytes travel untouched, every other value as UTF-8 JSON. It owns the two content
 * types and the conversion both ways, and knows nothing of who sends or receives.
 */

import { isProxy, isPromise } from "node:util/types";

import * as argument from "./argument.js";
import { InvalidArgumentError, ResourceExhaustedError } from "./errors.js";
import type * as raw from "./generated/commy.js";

const JSON_TYPE = "application/json";
const BYTES_TYPE = "application/octet-stream";
/** The most that any mesh can be set up to carry. */
const PAYLOAD_BYTES_MAX = 2 ** 30;

const encoder = new TextEncoder();
// A byte order mark is not JSON, so it is kept for the parser to refuse.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What may be said of a message beside its value. */
export interface MessageOptions {
  /** Headers: at most 64, their values at most 4,096 bytes. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * What the payload is, as a media type. Bytes are `application/octet-stream` without it, and any
   * other value is `application/json`. Given for a value that is not bytes it only names it
   * otherwise: the value travels as JSON all the same.
   */
  contentType?: string | undefined;
}

/** A value with headers or a content type of its own: what a handler may return. */
export class Message {
  readonly value: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;

  constructor(value: unknown, options?: MessageOptions) {
    const { headers, contentType } = argument.options(
      "a message's options",
      options,
      ["headers", "contentType"],
    );
    this.value = value;
    this.headers = headers ?? {};
    this.contentType = contentType;
  }
}

/**
 * The message that carries a value. Throws a `TypeError` for a value that is neither bytes nor
 * what JSON can express, and an `InvalidArgumentError` for one that JSON would change, such as NaN.
 */
export function encode(
  value: unknown,
  options: MessageOptions = {},
): raw.MessageInit {
  if (value instanceof Message) {
    return encode(value.value, {
      headers: { ...value.headers, ...options.headers },
      contentType: options.contentType ?? value.contentType,
    });
  }
  const bytes = bytesOf(value);
  const payload = bytes ?? encoder.encode(toJson(value));
  if (payload.length > PAYLOAD_BYTES_MAX) {
    throw new ResourceExhaustedError(
      `a payload of ${payload.length} bytes is over the limit of ${PAYLOAD_BYTES_MAX}`,
    );
  }
  return {
    payload,
    contentType:
      argument.optionalText("contentType", options.contentType) ??
      (bytes === undefined ? JSON_TYPE : BYTES_TYPE),
    headers: argument.entries("headers", options.headers),
  };
}

/**
 * The value that a message carries: from JSON if it says so, else its bytes. Throws an
 * `InvalidArgumentError` for what says that it is JSON and is not.
 */
export function decode(payload: Uint8Array, contentType: string): unknown {
  if (!isJson(contentType)) {
    return payload;
  }
  try {
    return JSON.parse(decoder.decode(payload)) as unknown;
  } catch (error) {
    throw new InvalidArgumentError(
      `the payload is not the JSON that its content type says: ${(error as Error).message}`,
    );
  }
}

/** What a map of the interface's is to users. */
export function record<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries(map);
}

/** Compact JSON text; `undefined` is null, so that a call without a payload sends one. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value ?? null, refuse);
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      throw error;
    }
    if (error instanceof RangeError) {
      throw new InvalidArgumentError(
        "a payload must be bytes or a value that JSON can express: it is nested too deeply",
      );
    }
    throw new TypeError(
      `a payload must be bytes or a value that JSON can express: ${(error as Error).message.split("\n")[0]}`,
      { cause: error },
    );
  }
}

/** Passes on what JSON can express. The rest it would change without a word, or leave out. */
function refuse(this: unknown, key: string, value: unknown): unknown {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) {
        throw new InvalidArgumentError(
          `a payload must be bytes or a value that JSON can express: ${value} is not`,
        );
      }
      return value;
    case "string":
      argument.text("a string in a payload", value);
      return value;
    case "undefined":
      if (Array.isArray(this)) {
        throw new TypeError(`undefined at index ${key} of a list is not`);
      }
      return value;
    case "function":
    case "symbol":
      throw new TypeError(`a ${typeof value} is not`);
    case "object":
      if (value !== null && isOpaque(value)) {
        throw new TypeError(`a ${argument.kindOf(value)} is not`);
      }
      if (value !== null && !Array.isArray(value)) {
        for (const name of Object.keys(value)) {
          argument.text("a key in a payload", name);
        }
      }
      return value;
    default:
      return value;
  }
}

/** Whether JSON would make an empty object of it, or one of numbers. */
function isOpaque(value: object): boolean {
  return (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Error ||
    value instanceof RegExp ||
    value instanceof Message ||
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    (!isProxy(value) && isPromise(value))
  );
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) {
    return value;
  }
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer) {
    return new Uint8Array(value);
  }
  return undefined;
}

function isJson(contentType: string): boolean {
  if (contentType === JSON_TYPE) {
    return true;
  }
  const [type = ""] = contentType.split(";");
  return type.trim().toLowerCase() === JSON_TYPE;
}
