/**
 * Why a mesh stays: the event loop while it serves, and the mesh itself while it runs. It knows
 * nothing of what either does.
 */

import { isMainThread } from "node:worker_threads";

/** The longest that a timer can wait; it only has to be there. */
const LONG = 2 ** 31 - 1;

/** Meshes that run stay, like servers that listen, even when no variable holds them. */
const running = new Set<Presence>();

if (!isMainThread) {
  // The library's threads outlive a worker's, and would go on serving what nobody answers.
  process.once("exit", () => {
    for (const presence of running) {
      presence.abandon();
    }
  });
}

/** One mesh's part in the life of its thread. */
export class Presence {
  /** Gives the mesh up without waiting. */
  readonly abandon: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isServing = false;
  #isRef = true;

  constructor(abandon: () => void) {
    this.abandon = abandon;
  }

  set isRunning(isRunning: boolean) {
    if (isRunning) {
      running.add(this);
    } else {
      running.delete(this);
    }
  }

  /** Whether requests may come. */
  set isServing(isServing: boolean) {
    this.#isServing = isServing;
    this.#update();
  }

  /** Whether serving is a reason for the process to go on. */
  set isRef(isRef: boolean) {
    this.#isRef = isRef;
    this.#update();
  }

  #update(): void {
    if (!this.#isServing || !this.#isRef) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= setInterval(() => {}, LONG);
    }
  }
}
