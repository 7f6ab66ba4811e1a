/**
 * The C side: the types that cross it, copies between memories, and the status of calls.
 * It knows nothing of what the bytes mean.
 */

import koffi from "koffi";

const handle = koffi.types.uint64;
// An address as a number: koffi calls that take no pointers are several times faster.
const address = koffi.types.uintptr_t;

const rustBuffer = koffi.struct({
  capacity: koffi.types.uint64,
  len: koffi.types.uint64,
  data: address,
});
const rustCallStatus = koffi.struct({
  code: koffi.types.int8,
  error: rustBuffer,
});

/** The C types that exported functions take and give. */
export const ffi = {
  void: koffi.types.void,
  uint8: koffi.types.uint8,
  int8: koffi.types.int8,
  uint16: koffi.types.uint16,
  int16: koffi.types.int16,
  uint32: koffi.types.uint32,
  int32: koffi.types.int32,
  uint64: koffi.types.uint64,
  int64: koffi.types.int64,
  float32: koffi.types.float32,
  float64: koffi.types.float64,
  address,
  handle,
  rustBuffer,
  rustCallStatus,
  /** Copied, so it may point anywhere. */
  foreignBytes: koffi.struct({ len: koffi.types.int32, data: address }),
  /** Borrowed: koffi passes the address of the array's own memory. */
  borrowedBytes: koffi.struct({
    len: koffi.types.int32,
    data: "const uint8_t *",
  }),
};

export type CType = (typeof ffi)[keyof typeof ffi];

/** Rust's are addresses, which fit a number on the platforms that there are. */
export type Handle = number | bigint;

/** What Rust allocated; it must be freed by Rust, exactly once. */
export interface RustBuffer {
  capacity: number | bigint;
  len: number | bigint;
  data: number | bigint;
}

/** The symbols of the process itself: Node-API is among them. */
export const process_ = koffi.load(null);

const copy =
  process.platform === "win32"
    ? koffi
        .load("kernel32.dll")
        .func("RtlMoveMemory", ffi.void, [address, address, "size_t"])
    : process_.func("memcpy", ffi.void, [address, address, "size_t"]);

/** Copies so many bytes from one address to another. */
export function copyMemory(
  to: number | bigint,
  from: number | bigint,
  length: number,
): void {
  copy(to, from, length);
}

/**
 * Writes a value to an address. A struct is written word by word, for koffi reads no fields of
 * an object in a thread that is being terminated.
 */
export function put(to: number, type: CType, value: unknown): void {
  if (type === rustBuffer) {
    const { capacity, len, data } = value as RustBuffer;
    koffi.encode(to, koffi.types.uint64, capacity);
    koffi.encode(to + 8, koffi.types.uint64, len);
    koffi.encode(to + 16, address, data);
  } else {
    koffi.encode(to, type, value);
  }
}

/** Says to Rust how a call ended. */
export function putStatus(to: number, code: number, error: RustBuffer): void {
  koffi.encode(to, koffi.types.int8, code);
  put(to + koffi.offsetof(rustCallStatus, "error"), rustBuffer, error);
}

/** Memory that JavaScript reads and Rust writes: it never moves. */
export class Block {
  readonly bytes: Buffer;
  readonly address: number;

  constructor(size: number) {
    // A buffer of its own: a small typed array without one may be moved.
    this.bytes = Buffer.from(new ArrayBuffer(size));
    this.address = Number(koffi.address(this.bytes));
  }
}

/** How a call ended, as Rust says it. */
export const CallCode = {
  succeeded: 0,
  failed: 1,
  panicked: 2,
  cancelled: 3,
} as const;

/** Where a call says how it ended. */
export class CallStatus {
  readonly #block = new Block(koffi.sizeof(rustCallStatus));

  /** What a call gets as its last argument. */
  get address(): number {
    return this.#block.address;
  }

  /** Rust writes only when a call fails. */
  get code(): number {
    return this.#block.bytes[0] as number;
  }

  /** The error, to be freed by who takes it. The status may be used again. */
  take(): RustBuffer {
    const { error } = koffi.decode(this.#block.bytes, rustCallStatus);
    this.#block.bytes.fill(0);
    return error;
  }
}

/**
 * The status of every synchronous call: one block for all of them, because a call with a
 * block that is used again costs a fraction of one with an object. Nested calls may share
 * it: Rust writes it just before it returns, and it is read at once.
 */
export const sharedStatus = new CallStatus();
export const status = sharedStatus.address;
