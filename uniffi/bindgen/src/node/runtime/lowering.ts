/**
 * What arguments hold of Rust's before their call takes it over: it is given back if a later
 * argument is refused. It knows neither buffers nor handles, only how to undo them.
 */

let pending: (() => void)[] | undefined;

/** Remembers how to give back what an argument has got. */
export function acquired(undo: () => void): void {
  pending?.push(undo);
}

/** Lowers arguments of which several get something of Rust's: all of them or none. */
export function lowerAll<T extends readonly unknown[]>(
  lower: () => readonly [...T],
): readonly [...T] {
  const outer = pending;
  const own: (() => void)[] = [];
  pending = own;
  try {
    return lower();
  } catch (error) {
    pending = undefined;
    for (const undo of own) {
      undo();
    }
    throw error;
  } finally {
    pending = outer;
  }
}
