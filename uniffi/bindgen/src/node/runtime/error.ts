/** The errors of bindings: of the library, of the use of its objects, and of its own. */

import { inspect } from "node:util";

/** Rust panicked, or answered with what its interface does not say: a bug in the library. */
export class InternalError extends Error {
  override name = "InternalError";
}

/** The library on this machine is not the one that the bindings were generated from. */
export class IncompatibleLibraryError extends Error {
  override name = "IncompatibleLibraryError";
}

/** A failure that the interface declares: the base of all generated errors. */
export class DeclaredError extends Error {
  /** The fields become the error's own; one that is called `message` is the message. */
  constructor(name: string, tag: string, fields?: object | string) {
    super(typeof fields === "string" ? fields : describe(tag, fields));
    Object.defineProperty(this, "name", {
      value: name,
      configurable: true,
      writable: true,
    });
    if (typeof fields === "object") {
      Object.assign(this, fields);
    }
  }
}

function describe(tag: string, fields: object | undefined): string {
  if (fields === undefined || Object.keys(fields).length === 0) {
    return tag;
  }
  return `${tag} ${inspect(fields, { breakLength: Infinity })}`;
}

/** What a value is, for the message of an error. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  if (typeof value !== "object") {
    return typeof value;
  }
  return value.constructor?.name || "object";
}
