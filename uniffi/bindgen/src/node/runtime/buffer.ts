/**
 * How values lie in a buffer: big-endian, one after another. It knows the primitives, and
 * nothing of what is made of them.
 */

import { Block, copyMemory, type Handle, type RustBuffer } from "./ffi.js";
import { InternalError } from "./error.js";

const FIRST_SIZE = 4096;
/** A block that grew beyond this is not kept. */
const KEPT_SIZE = 65536;
const WORD = 0x1_0000_0000;
const LENGTH_MAX = 0x7fff_ffff;

/** Collects the bytes of one value. */
export class Writer {
  #block = new Block(FIRST_SIZE);
  #view = new DataView(this.#block.bytes.buffer);
  #length = 0;

  get address(): number {
    return this.#block.address;
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
    if (this.#block.bytes.length > KEPT_SIZE) {
      this.#use(new Block(FIRST_SIZE));
    }
  }

  uint8(value: number): void {
    const start = this.#grow(1);
    this.#view.setUint8(start, value);
  }

  int8(value: number): void {
    const start = this.#grow(1);
    this.#view.setInt8(start, value);
  }

  uint16(value: number): void {
    const start = this.#grow(2);
    this.#view.setUint16(start, value);
  }

  int16(value: number): void {
    const start = this.#grow(2);
    this.#view.setInt16(start, value);
  }

  uint32(value: number): void {
    const start = this.#grow(4);
    this.#view.setUint32(start, value);
  }

  int32(value: number): void {
    const start = this.#grow(4);
    this.#view.setInt32(start, value);
  }

  uint64(value: bigint): void {
    const start = this.#grow(8);
    this.#view.setBigUint64(start, value);
  }

  int64(value: bigint): void {
    const start = this.#grow(8);
    this.#view.setBigInt64(start, value);
  }

  float32(value: number): void {
    const start = this.#grow(4);
    this.#view.setFloat32(start, value);
  }

  float64(value: number): void {
    const start = this.#grow(8);
    this.#view.setFloat64(start, value);
  }

  handle(value: Handle): void {
    this.uint64(BigInt(value));
  }

  /** The length of a string, a sequence or a map. */
  count(value: number): void {
    if (value > LENGTH_MAX) {
      throw new RangeError(
        `a length must be at most ${LENGTH_MAX}, got ${value}`,
      );
    }
    this.int32(value);
  }

  /** The text without its length. */
  utf8(text: string): void {
    // A UTF-16 unit takes three bytes at most.
    const start = this.#grow(text.length * 3);
    const written = this.#block.bytes.write(text, start, "utf8");
    this.#length = start + written;
  }

  /** The text after its length. */
  string(text: string): void {
    const start = this.#grow(4);
    this.utf8(text);
    this.#view.setInt32(start, this.#length - start - 4);
  }

  /** The bytes after their length. */
  bytes(value: Uint8Array): void {
    this.count(value.length);
    const start = this.#grow(value.length);
    this.#block.bytes.set(value, start);
  }

  #grow(size: number): number {
    const start = this.#length;
    this.#length = start + size;
    // Whoever calls this must take the block or its view only afterwards.
    if (this.#length > this.#block.bytes.length) {
      const before = this.#block.bytes;
      const block = new Block(Math.max(before.length * 2, this.#length));
      block.bytes.set(before.subarray(0, start));
      this.#use(block);
    }
    return start;
  }

  #use(block: Block): void {
    this.#block = block;
    this.#view = new DataView(block.bytes.buffer);
  }
}

/** Takes the bytes of one value apart. */
export class Reader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  #offset = 0;

  constructor(block: Block, length: number) {
    this.#bytes = block.bytes;
    this.#view = new DataView(block.bytes.buffer, 0, length);
    this.#end = length;
  }

  /** Throws unless every byte was read. */
  finish(): void {
    if (this.#offset !== this.#end) {
      throw new InternalError(
        `the library sent ${this.#end} bytes, of which ${this.#offset} were understood`,
      );
    }
  }

  uint8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  int8(): number {
    return this.#view.getInt8(this.#step(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#step(2));
  }

  int16(): number {
    return this.#view.getInt16(this.#step(2));
  }

  uint32(): number {
    return this.#view.getUint32(this.#step(4));
  }

  int32(): number {
    return this.#view.getInt32(this.#step(4));
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#step(8));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#step(8));
  }

  float32(): number {
    return this.#view.getFloat32(this.#step(4));
  }

  float64(): number {
    return this.#view.getFloat64(this.#step(8));
  }

  handle(): Handle {
    const high = this.uint32();
    const low = this.uint32();
    const handle = high * WORD + low;
    return Number.isSafeInteger(handle)
      ? handle
      : (BigInt(high) << 32n) | BigInt(low);
  }

  count(): number {
    return this.int32();
  }

  string(): string {
    const length = this.int32();
    const start = this.#step(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  bytes(): Uint8Array {
    const length = this.int32();
    const start = this.#step(length);
    // A copy, whose `buffer` is the caller's alone.
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  #step(size: number): number {
    const start = this.#offset;
    this.#offset = start + size;
    if (size < 0 || this.#offset > this.#end) {
      throw new InternalError(
        `the library sent ${this.#end} bytes, where more were expected`,
      );
    }
    return start;
  }
}

const writers: Writer[] = [];
let spare: Block | undefined = new Block(KEPT_SIZE);

/** Lends a writer: values may contain others that are written on their own. */
export function written<T>(write: (writer: Writer) => T): T {
  const writer = writers.pop() ?? new Writer();
  try {
    return write(writer);
  } finally {
    writer.clear();
    writers.push(writer);
  }
}

/** Reads a copy of a buffer's bytes. The buffer is still to be freed. */
export function readCopy<T>(
  buffer: RustBuffer,
  read: (reader: Reader) => T,
): T {
  const length = Number(buffer.len);
  const lent = length <= KEPT_SIZE ? spare : undefined;
  const block = lent ?? new Block(length);
  if (lent !== undefined) {
    spare = undefined;
  }
  try {
    if (length > 0) {
      copyMemory(block.address, buffer.data, length);
    }
    const reader = new Reader(block, length);
    const value = read(reader);
    reader.finish();
    return value;
  } finally {
    spare ??= lent;
  }
}
