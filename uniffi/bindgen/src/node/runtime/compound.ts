/** Optionals, sequences, sets and maps. They know nothing of what they are made of. */

import type { Converter } from "./converter.js";
import type { RustBuffer } from "./ffi.js";
import { InternalError, nameOf } from "./error.js";
import type { Library } from "./library.js";

type Inner<T, I> = Converter<T, unknown, I>;
type Buffered<T, I> = Converter<T, RustBuffer, I>;

/** `undefined` is nothing; `null` is taken for it. */
export function optional<T, I>(
  library: Library,
  inner: Inner<T, I>,
): Buffered<T | undefined, I | null | undefined> {
  return library.value({
    write(value, writer) {
      if (value === undefined || value === null) {
        writer.int8(0);
      } else {
        writer.int8(1);
        inner.write(value, writer);
      }
    },
    read(reader) {
      const tag = reader.int8();
      if (tag !== 0 && tag !== 1) {
        throw new InternalError(`an optional begins with 0 or 1, got ${tag}`);
      }
      return tag === 0 ? undefined : inner.read(reader);
    },
  });
}

export function sequence<T, I>(
  library: Library,
  inner: Inner<T, I>,
): Buffered<T[], readonly I[]> {
  return library.value({
    write(values, writer) {
      if (!Array.isArray(values)) {
        throw new TypeError(`array expected, got ${nameOf(values)}`);
      }
      writer.count(values.length);
      for (const value of values) {
        inner.write(value, writer);
      }
    },
    read(reader) {
      const values: T[] = [];
      for (let count = reader.count(); count > 0; count--) {
        values.push(inner.read(reader));
      }
      return values;
    },
  });
}

export function set<T, I>(
  library: Library,
  inner: Inner<T, I>,
): Buffered<Set<T>, ReadonlySet<I>> {
  return library.value({
    write(values, writer) {
      if (!(values instanceof Set)) {
        throw new TypeError(`Set expected, got ${nameOf(values)}`);
      }
      writer.count(values.size);
      for (const value of values) {
        inner.write(value, writer);
      }
    },
    read(reader) {
      const values = new Set<T>();
      for (let count = reader.count(); count > 0; count--) {
        values.add(inner.read(reader));
      }
      return values;
    },
  });
}

export function map<K, V, J, W>(
  library: Library,
  key: Inner<K, J>,
  value: Inner<V, W>,
): Buffered<Map<K, V>, ReadonlyMap<J, W>> {
  return library.value({
    write(entries, writer) {
      if (!(entries instanceof Map)) {
        throw new TypeError(`Map expected, got ${nameOf(entries)}`);
      }
      writer.count(entries.size);
      for (const [name, entry] of entries) {
        key.write(name, writer);
        value.write(entry, writer);
      }
    },
    read(reader) {
      const entries = new Map<K, V>();
      for (let count = reader.count(); count > 0; count--) {
        const name = key.read(reader);
        entries.set(name, value.read(reader));
      }
      return entries;
    },
  });
}
