/** Records, enums and errors: what has named parts. They know nothing of their types. */

import type { Reader, Writer } from "./buffer.js";
import type { AnyConverter, Converter } from "./converter.js";
import type { RustBuffer } from "./ffi.js";
import { InternalError, nameOf } from "./error.js";
import type { Library } from "./library.js";

type Buffered<T, I = T> = Converter<T, RustBuffer, I>;

/** A field's type, or its type and the value to use when none is given. */
export type Field = AnyConverter | { type: AnyConverter; default: unknown };
export type Fields = Record<string, Field>;

/** The parts of something, looked up when first needed: they may contain it. */
class Parts {
  readonly #names: string[];
  readonly #types: AnyConverter[];
  readonly #defaults: unknown[];

  constructor(fields: Fields) {
    this.#names = Object.keys(fields);
    const parts = Object.values(fields);
    this.#types = parts.map((part) => ("type" in part ? part.type : part));
    this.#defaults = parts.map((part) =>
      "type" in part ? part.default : undefined,
    );
  }

  write(owner: string, value: Record<string, unknown>, writer: Writer): void {
    if (typeof value !== "object" || value === null) {
      throw new TypeError(`${owner} expected, got ${nameOf(value)}`);
    }
    for (const [index, name] of this.#names.entries()) {
      let part = value[name];
      if (part === undefined) {
        part = this.#defaults[index];
      }
      try {
        (this.#types[index] as AnyConverter).write(part, writer);
      } catch (error) {
        throw within(`${owner}.${name}`, error);
      }
    }
  }

  read(reader: Reader, into: Record<string, unknown>): void {
    for (const [index, name] of this.#names.entries()) {
      into[name] = (this.#types[index] as AnyConverter).read(reader);
    }
  }
}

/** Says where a value was refused: what the innermost converter says has no place. */
function within(place: string, error: unknown): unknown {
  if (
    (error instanceof TypeError || error instanceof RangeError) &&
    !placed.has(error)
  ) {
    placed.add(error);
    error.message = `${place}: ${error.message}`;
  }
  return error;
}

const placed = new WeakSet<Error>();

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** A record is an object with its fields. */
export function record<T extends object, I = T>(
  library: Library,
  name: string,
  fields: () => Fields,
): Buffered<T, I> {
  const parts = lazy(() => new Parts(fields()));
  return library.value({
    write(value, writer) {
      parts().write(name, value as Record<string, unknown>, writer);
    },
    read(reader) {
      const value: Record<string, unknown> = {};
      parts().read(reader, value);
      return value as T;
    },
  });
}

/** A flat enum is one of its values. */
export function flatEnum<T extends string | number | bigint>(
  library: Library,
  name: string,
  values: readonly T[],
): Buffered<T> {
  const positions = new Map(values.map((value, index) => [value, index + 1]));
  return library.value({
    write(value, writer) {
      const position = positions.get(value);
      if (position === undefined) {
        throw new TypeError(
          `${name} must be one of ${values.join(", ")}, got ${shown(value)}`,
        );
      }
      writer.int32(position);
    },
    read(reader) {
      return at(values, reader, name);
    },
  });
}

/** A rich enum is an object with the name of its variant as `tag`, and the fields. */
export function richEnum<T extends { tag: string }, I = T>(
  library: Library,
  name: string,
  variants: () => Record<string, Fields>,
): Buffered<T, I> {
  const parts = lazy(() => tagged(variants()));
  return library.value({
    write(value, writer) {
      const { tag } = (value ?? {}) as { tag?: unknown };
      const variant = parts().byTag.get(tag);
      if (variant === undefined) {
        throw new TypeError(
          `${name} must have a tag of ${parts().tags.join(", ")},` +
            ` got ${tag === undefined ? nameOf(value) : shown(tag)}`,
        );
      }
      writer.int32(variant.position);
      const owner = `${name}.${variant.tag}`;
      variant.parts.write(owner, value as Record<string, unknown>, writer);
    },
    read(reader) {
      const { tag, parts: fields } = at(parts().all, reader, name);
      const value: Record<string, unknown> = { tag };
      fields.read(reader, value);
      return value as T;
    },
  });
}

function tagged(variants: Record<string, Fields>) {
  const all = Object.entries(variants).map(([tag, fields], index) => ({
    tag,
    position: index + 1,
    parts: new Parts(fields),
  }));
  return {
    all,
    tags: all.map((variant) => variant.tag),
    byTag: new Map<unknown, (typeof all)[number]>(
      all.map((variant) => [variant.tag, variant]),
    ),
  };
}

type ErrorClass = new (fields: never) => Error;

/** An error whose fields foreign code sees: one class a variant. */
export function richError<T extends Error>(
  library: Library,
  name: string,
  variants: () => Record<string, { class: ErrorClass; fields: Fields }>,
): Buffered<T> {
  const parts = lazy(() =>
    Object.values(variants()).map(({ class: type, fields }, index) => ({
      type,
      position: index + 1,
      parts: new Parts(fields),
    })),
  );
  return library.value({
    write(error, writer) {
      const variant = parts().find(({ type }) => error instanceof type);
      if (variant === undefined) {
        throw new TypeError(`${name} expected, got ${nameOf(error)}`);
      }
      writer.int32(variant.position);
      const owner = variant.type.name;
      variant.parts.write(
        owner,
        error as unknown as Record<string, unknown>,
        writer,
      );
    },
    read(reader) {
      const { type, parts: fields } = at(parts(), reader, name);
      const value: Record<string, unknown> = {};
      fields.read(reader, value);
      return new type(value as never) as T;
    },
  });
}

/** An error of which foreign code sees the variant and the message. */
export function flatError<T extends Error>(
  library: Library,
  name: string,
  variants: () => ErrorClass[],
): Buffered<T> {
  return library.value({
    write(error, writer) {
      const index = variants().findIndex((type) => error instanceof type);
      if (index < 0) {
        throw new TypeError(`${name} expected, got ${nameOf(error)}`);
      }
      writer.int32(index + 1);
    },
    read(reader) {
      const type = at(variants(), reader, name);
      return new type(library.string.read(reader) as never) as T;
    },
  });
}

function at<T>(values: readonly T[], reader: Reader, name: string): T {
  const position = reader.int32();
  const value = values[position - 1];
  if (value === undefined) {
    throw new InternalError(
      `${name} has ${values.length} variants, got number ${position}`,
    );
  }
  return value;
}

function shown(value: unknown): string {
  return typeof value === "object" ? nameOf(value) : String(value);
}
