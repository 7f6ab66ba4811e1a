/**
 * The time that the machine, busy with others, kept from whoever here was ready to go on: what
 * must happen within some time must happen within that time of ours.
 */

import { Worker } from "node:worker_threads";

const TICK = 1;

/** What a turn of an event loop at work takes, in milliseconds: less is nobody's theft. */
const TURN = 5;

/** As much for a thread that does nothing but sleep: what clocks are out by. */
const SLACK = 0.2;

/** How many hiccups the other thread can note; a test has a few thousand at most. */
const HICCUPS_MAX = 65_536;

/** Sleeps and notes when it was woken late: how many hiccups there were, then each of them. */
const TICKER = `
  const { workerData } = require("node:worker_threads");
  const { memory, epoch } = workerData;
  const count = new Int32Array(memory, 0, 2);
  const hiccups = new Float64Array(memory, 8);
  const now = () => performance.timeOrigin + performance.now() - epoch;
  while (count[1] === 0 && count[0] < ${HICCUPS_MAX}) {
    const began = now();
    Atomics.wait(count, 1, 0, ${TICK});
    const late = now() - began - ${TICK};
    if (late > ${SLACK}) {
      hiccups[2 * count[0]] = now();
      hiccups[2 * count[0] + 1] = late;
      count[0] += 1;
    }
  }`;

/** Watches the machine until the end of the block of `await using`. */
export class Stolen {
  readonly #memory = new SharedArrayBuffer(8 + 16 * HICCUPS_MAX);
  readonly #here: [at: number, late: number][] = [];
  readonly #worker: Worker;
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    const workerData = { memory: this.#memory, epoch: performance.timeOrigin };
    this.#worker = new Worker(TICKER, { eval: true, workerData });
    this.#timer = setInterval(() => {
      const now = performance.now();
      const late = now - this.#last - TICK;
      if (late > TURN) {
        this.#here.push([now, late]);
      }
      this.#last = now;
    }, TICK);
  }

  /**
   * How many milliseconds of this time were stolen from this thread and from the other: what is
   * waited for passes through several, each of which may have to wait for its turn.
   */
  between(begin: number, end: number): number {
    const count = new Int32Array(this.#memory, 0, 1)[0] ?? 0;
    const there = new Float64Array(this.#memory, 8, 2 * count);
    let stolen = 0;
    for (const [at, late] of this.#here) {
      stolen += overlap(at, late, begin, end);
    }
    for (let index = 0; index < there.length; index += 2) {
      stolen += overlap(there[index] ?? 0, there[index + 1] ?? 0, begin, end);
    }
    return stolen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#worker.terminate();
  }
}

/** How much of what was stolen until a moment lies between two others. */
function overlap(at: number, late: number, begin: number, end: number): number {
  return Math.max(0, Math.min(at, end) - Math.max(at - late, begin));
}
