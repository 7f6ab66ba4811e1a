/**
 * How functions take structs by value. koffi reads their fields from objects, which nobody
 * may in a thread that is being terminated; koffi 3.3.4 does not notice, uses what happens to
 * be in memory, and the process ends. So where it is known how structs are laid out, in
 * words, functions are given the words: on x86-64, by the System V ABI (AMD64 supplement,
 * 3.2.3). Elsewhere koffi lays them out.
 */

import type { KoffiFunc } from "koffi";

import { type CType, ffi } from "./ffi.js";

const isSystemV = process.arch === "x64" && process.platform !== "win32";
const INTEGER_REGISTERS = 6;
const FLOAT_REGISTERS = 8;
/** A struct of more words is in memory: as an argument on the stack. */
const REGISTERED_WORDS_MAX = 2;

type Struct = readonly (readonly [field: string, type: CType | string])[];

const structs = new Map<CType, Struct>([
  [
    ffi.rustBuffer,
    [
      ["capacity", ffi.uint64],
      ["len", ffi.uint64],
      ["data", ffi.address],
    ],
  ],
  [
    ffi.foreignBytes,
    [
      ["len", ffi.int32],
      ["data", ffi.address],
    ],
  ],
  [
    ffi.borrowedBytes,
    [
      ["len", ffi.int32],
      ["data", "const uint8_t *"],
    ],
  ],
]);

/** A word that a function is given: an argument, a field of one, or nothing of use. */
export interface Word {
  type: CType | string;
  argument?: number;
  field?: string;
}

/** The words of a function that takes structs, in the order in which koffi is told them. */
export function wordsOf(
  result: CType,
  args: readonly CType[],
): Word[] | undefined {
  if (!isSystemV || !args.some((type) => structs.has(type))) {
    return undefined;
  }
  const integers: Word[] = [];
  const floats: Word[] = [];
  const stack: Word[] = [];
  const length = structs.get(result)?.length ?? 0;
  // The first register says where a result in memory goes, and is koffi's business.
  let free = INTEGER_REGISTERS - (length > REGISTERED_WORDS_MAX ? 1 : 0);
  for (const [argument, type] of args.entries()) {
    const words: Word[] = structs
      .get(type)
      ?.map(([field, type]) => ({ argument, field, type })) ?? [
      { argument, type },
    ];
    if (type === ffi.float32 || type === ffi.float64) {
      (floats.length < FLOAT_REGISTERS ? floats : stack).push(...words);
    } else if (words.length <= Math.min(free, REGISTERED_WORDS_MAX)) {
      integers.push(...words);
      free -= words.length;
    } else {
      stack.push(...words);
    }
  }
  if (stack.length > 0) {
    // What follows is on the stack if no register is free.
    for (; free > 0; free--) {
      integers.push({ type: ffi.uint64 });
    }
  }
  return [...integers, ...floats, ...stack];
}

type Fields = Record<string, unknown>;

type Native = KoffiFunc<(...args: unknown[]) => unknown>;

/** A function that takes structs, by way of one that takes their words. */
export function taking(call: Native, words: readonly Word[]): Native {
  const spread = (args: readonly unknown[]): unknown[] =>
    words.map(({ argument, field }) => {
      if (argument === undefined) {
        return 0;
      }
      const value = args[argument];
      return field === undefined ? value : (value as Fields)[field];
    });
  const taken = (...args: unknown[]): unknown => call(...spread(args));
  // Off this thread: what is told of the end is the last argument.
  const async = (...args: unknown[]): void => {
    call.async(...spread(args.slice(0, -1)), args.at(-1) as never);
  };
  return Object.assign(taken, { async, info: call.info }) as Native;
}
