/**
 * Turns JavaScript's arguments into values that the interface can carry, or says why not. It owns
 * what JavaScript adds to the rules: types, text that UTF-8 can carry, times, whole numbers. The
 * rules of the mesh itself, such as how a name is spelled, are the library's.
 */

import { fileURLToPath } from "node:url";

import { InvalidArgumentError } from "./errors.js";

const U32_MAX = 2 ** 32 - 1;
const SURROGATE = /\p{Surrogate}/u;

/** A string without half of a surrogate pair. */
export function text(what: string, value: unknown): string {
  if (typeof value !== "string") {
    throw new TypeError(`${what} must be a string, not ${kindOf(value)}`);
  }
  if (SURROGATE.test(value)) {
    throw new InvalidArgumentError(
      `${what} ${JSON.stringify(value)} is not valid Unicode: it holds half a surrogate pair`,
    );
  }
  return value;
}

export function optionalText(what: string, value: unknown): string | undefined {
  return value === undefined ? undefined : text(what, value);
}

/** A list of strings. A lone string is refused: it would be taken letter by letter. */
export function texts(what: string, values: unknown): string[] | undefined {
  if (values === undefined) {
    return undefined;
  }
  if (!isIterable(values)) {
    throw new TypeError(
      `${what} must be a list of strings, not ${kindOf(values)}`,
    );
  }
  return Array.from(values, (value) => text(`an entry of ${what}`, value));
}

/** The entries of a plain object of strings. */
export function entries(
  what: string,
  value: unknown,
): Map<string, string> | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== "object" || value === null || isIterable(value)) {
    throw new TypeError(
      `${what} must be an object of strings, not ${kindOf(value)}`,
    );
  }
  return new Map(
    Object.entries(value).map(([key, entry]) => [
      text(`a key of ${what}`, key),
      text(`${what}[${JSON.stringify(key)}]`, entry),
    ]),
  );
}

/** A time in whole milliseconds, rounded up, so that none but zero becomes zero. */
export function milliseconds(what: string, value: unknown): bigint {
  const time = number(what, value);
  if (!(time >= 0 && time <= Number.MAX_SAFE_INTEGER)) {
    throw new InvalidArgumentError(
      `${what} must be from 0 to ${Number.MAX_SAFE_INTEGER} milliseconds, not ${time}`,
    );
  }
  return BigInt(Math.ceil(time));
}

export function optionalMilliseconds(
  what: string,
  value: unknown,
): bigint | undefined {
  return value === undefined ? undefined : milliseconds(what, value);
}

/** A whole number that the interface's integer can hold. */
export function whole(
  what: string,
  value: unknown,
  most: number = U32_MAX,
): number {
  const count = number(what, value);
  if (!Number.isInteger(count) || count < 0 || count > most) {
    throw new InvalidArgumentError(
      `${what} must be a whole number from 0 to ${most}, not ${count}`,
    );
  }
  return count;
}

export function optionalWhole(
  what: string,
  value: unknown,
): number | undefined {
  return value === undefined ? undefined : whole(what, value);
}

export function number(what: string, value: unknown): number {
  if (typeof value !== "number") {
    throw new TypeError(`${what} must be a number, not ${kindOf(value)}`);
  }
  return value;
}

export function boolean(what: string, value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw new TypeError(`${what} must be a boolean, not ${kindOf(value)}`);
  }
  return value;
}

export function optionalBoolean(
  what: string,
  value: unknown,
): boolean | undefined {
  return value === undefined ? undefined : boolean(what, value);
}

/** The path of a file, or the URL of one. */
export function path(what: string, value: unknown): string {
  if (value instanceof URL) {
    return fileURLToPath(value);
  }
  if (typeof value !== "string") {
    throw new TypeError(
      `${what} must be a string or a URL, not ${kindOf(value)}`,
    );
  }
  return text(what, value);
}

/** What one of some words stands for. */
export function choice<T>(
  what: string,
  words: ReadonlyMap<string, T>,
  value: unknown,
): T {
  const chosen = words.get(value as string);
  if (chosen === undefined) {
    const allowed = Array.from(words.keys(), (word) => JSON.stringify(word));
    const given =
      typeof value === "string" ? JSON.stringify(value) : kindOf(value);
    throw new InvalidArgumentError(
      `${what} must be one of ${allowed.join(", ")}, not ${given}`,
    );
  }
  return chosen;
}

/** The options, which may be left out. Names that are not known are refused. */
export function options<T extends object>(
  what: string,
  value: T | undefined,
  known: readonly (keyof T & string)[],
): T | Record<string, never> {
  if (value === undefined) {
    return {};
  }
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`${what} must be an object, not ${kindOf(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!(known as readonly string[]).includes(name)) {
      throw new TypeError(
        `${what} have no ${JSON.stringify(name)}, only ${known.join(", ")}`,
      );
    }
  }
  return value;
}

/** What a value is, for the message of an error. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  return typeof value === "object"
    ? value.constructor?.name || "object"
    : typeof value;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === "object" && value !== null && Symbol.iterator in value
  );
}
