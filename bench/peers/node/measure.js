/**
 * What is measured, for all systems by the same code, and what the servers of all do.
 *
 * A client has `call(payload)`, `close()` and, where its system has topics, `publish(event)`.
 * Statistics are the driver's: this gives samples.
 */

import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds that any call may take that is measured. */
export const TIMEOUT = 5_000;
/** Milliseconds until everybody must have met. */
const PATIENCE = 30_000;
/** How often within a window the server says how far it is. */
const GROUPS = 4;
/** How often is crossed between two looks at the clock. */
const CROSSINGS = 20;
const PID = Buffer.from(String(process.pid));

const clock = () => process.hrtime.bigint();

/** What a server answers: the payload, and to an empty one who it is. */
export function answer(payload) {
  return payload.length > 0 ? payload : PID;
}

/**
 * What a server does with the events that it gets: it counts them, and sends back those that ask
 * for it, with the count.
 */
export class Relay {
  #count = 0;

  take(event) {
    this.#count = (this.#count + 1) >>> 0;
    if (event[0] !== 1) {
      return undefined;
    }
    const returned = Buffer.from(event);
    returned.writeUInt32BE(this.#count, 5);
    return returned;
  }
}

/** The events that came back. */
export class Returned {
  /** How many events the server had got when it sent the last one back. */
  count = 0;
  #events = [];
  #waiting = undefined;

  take(event) {
    this.#events.push(Buffer.from(event.buffer, event.byteOffset, event.byteLength));
    this.#waiting?.();
  }

  /** The next one, or undefined when it takes longer than that. */
  async next(milliseconds = TIMEOUT) {
    if (this.#events.length === 0) {
      await new Promise((resolve) => {
        const alarm = setTimeout(resolve, milliseconds);
        this.#waiting = () => {
          clearTimeout(alarm);
          resolve();
        };
      });
      this.#waiting = undefined;
    }
    const event = this.#events.shift();
    if (event) {
      this.count = event.readUInt32BE(5);
    }
    return event;
  }
}

/** Waits until a server answers. */
export async function meet(client) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      await client.call(Buffer.alloc(0));
      return;
    } catch (error) {
      // Not there yet; the end of patience says so if it never comes.
      if (Date.now() > end) {
        throw new Error("no server answers", { cause: error });
      }
      await sleep(20);
    }
  }
}

/** Waits until events go there and come back, and none of them is still on its way. */
export async function join(client, returned) {
  const end = Date.now() + PATIENCE;
  for (let number = 1; Date.now() < end; number++) {
    const event = Buffer.alloc(9);
    event[0] = 1;
    event.writeUInt32BE(number, 1);
    await client.publish(event);
    for (let back = await returned.next(100); back; back = await returned.next(100)) {
      if (back.readUInt32BE(1) === number) {
        return;
      }
    }
  }
  throw new Error("no event comes back");
}

/** Calls, with so many under way at any time. */
export async function echo(client, size, seconds, inFlight) {
  const payload = Buffer.alloc(size);
  const nanoseconds = [];
  const begin = clock();
  const end = begin + BigInt(Math.round(seconds * 1e9));
  async function worker() {
    for (let now = clock(); now < end; ) {
      const reply = await client.call(payload);
      const before = now;
      now = clock();
      nanoseconds.push(Number(now - before));
      if (reply.length !== size) {
        throw new Error(`${reply.length} bytes came back of ${size}`);
      }
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { count: nanoseconds.length, seconds: Number(clock() - begin) / 1e9, nanoseconds };
}

/** Publishes, with at most a window of events that the server has not said that it has. */
export async function events(client, returned, size, seconds, window) {
  const silent = Buffer.alloc(size);
  const asking = Buffer.alloc(size);
  asking[0] = 1;
  const group = Math.max(1, Math.floor(window / GROUPS));
  const known = returned.count;
  const nanoseconds = [];
  let [unsaid, count] = [0, 0];
  async function hear() {
    if (!(await returned.next())) {
      throw new Error("an event did not come back");
    }
  }
  const begin = clock();
  const end = begin + BigInt(Math.round(seconds * 1e9));
  while (clock() < end) {
    for (let index = 1; index < group; index++) {
      await client.publish(silent);
    }
    const before = clock();
    await client.publish(asking);
    count += group;
    unsaid += 1;
    if (unsaid * group >= window) {
      await hear();
      nanoseconds.push(Number(clock() - before));
      unsaid -= 1;
    }
  }
  for (; unsaid > 0; unsaid--) {
    await hear();
  }
  const took = Number(clock() - begin) / 1e9;
  const got = (returned.count - known) >>> 0;
  if (got !== count) {
    throw new Error(`the server got ${got} events of ${count}`);
  }
  return { count, seconds: took, nanoseconds };
}

/** Crosses into the runtime again and again, one after the other. */
export async function cost({ once, isAwaited }, seconds) {
  let count = 0;
  const begin = clock();
  const end = begin + BigInt(Math.round(seconds * 1e9));
  while (clock() < end) {
    for (let index = 0; index < CROSSINGS; index++) {
      if (isAwaited) {
        await once();
      } else {
        once();
      }
    }
    count += CROSSINGS;
  }
  return { count, seconds: Number(clock() - begin) / 1e9, nanoseconds: [] };
}
