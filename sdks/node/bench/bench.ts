/**
 * What commy costs from Node: a plain table, of medians over rounds.
 *
 *     node out/bench/bench.js [FILTER]
 *
 * Runs the benchmarks whose name contains FILTER. Not a test: it checks nothing but the answers.
 */

import { Mesh } from "commy";

const ROUNDS = 7;
const ROUND_MILLISECONDS = 300;
const SIZES: [string, number][] = [
  ["16 B", 16],
  ["64 KiB", 65_536],
  ["1 MiB", 2 ** 20],
];
const IN_FLIGHT = [1, 64];

const wanted = process.argv[2] ?? "";

function row(name: string, microseconds: number[]): void {
  const sorted = [...microseconds].sort((one, other) => one - other);
  const median = sorted[sorted.length >> 1] ?? NaN;
  const best = Math.min(...sorted);
  const columns = [
    median.toFixed(1),
    best.toFixed(1),
    (1e6 / median).toFixed(0),
  ];
  const [first = "", second = "", third = ""] = columns;
  console.log(
    name.padEnd(44) +
      first.padStart(12) +
      second.padStart(12) +
      third.padStart(14),
  );
}

/** The microseconds that one takes, by round. */
function sync(name: string, once: () => unknown): void {
  if (!name.includes(wanted)) {
    return;
  }
  once();
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begin = performance.now();
    let count = 0;
    while (performance.now() - begin < ROUND_MILLISECONDS) {
      for (let index = 0; index < 100; index++) {
        once();
      }
      count += 100;
    }
    return ((performance.now() - begin) / count) * 1000;
  });
  row(name, rounds);
}

/** The microseconds from one to the next, by round, with so many in flight at any time. */
async function async(
  name: string,
  inFlight: number,
  once: () => Promise<unknown>,
): Promise<void> {
  if (!name.includes(wanted)) {
    return;
  }
  await once();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    let count = 0;
    const worker = async (): Promise<void> => {
      while (performance.now() - begin < ROUND_MILLISECONDS) {
        await once();
        count += 1;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    rounds.push(((performance.now() - begin) / count) * 1000);
  }
  row(name, rounds);
}

const mesh = await Mesh.start("bench");
await mesh.register("echo", {
  now: (value: Uint8Array) => value,
  later: async (value: Uint8Array) => value,
});

const heads = ["median µs", "best µs"].map((head) => head.padStart(12));
console.log(
  "benchmark".padEnd(44) + heads.join("") + "per second".padStart(14),
);
sync("sync: isRunning", () => mesh.isRunning);
sync("sync: discover one of one", () => mesh.discover("echo"));
await async("await: publish to nobody", 1, () =>
  mesh.publish("nobody/listens", new Uint8Array()),
);
for (const method of ["now", "later"]) {
  for (const [label, size] of SIZES) {
    const payload = new Uint8Array(size);
    for (const inFlight of IN_FLIGHT) {
      const name = `call: handler answers ${method}, ${label}, ${inFlight} in flight`;
      await async(name, inFlight, async () => {
        const answer = await mesh.call<Uint8Array>("echo", method, payload);
        if (answer.length !== size) {
          throw new Error("the answer is not what was sent");
        }
      });
    }
  }
}
await mesh.stop();
