/** The tour: the nine steps that every SDK's tour takes, checked as they are taken. */

import { isDeepStrictEqual } from "node:util";

import { Mesh, version } from "commy";

const STEPS = 9;
let taken = 0;

/** Counts a step, and says what it showed. */
function step(title: string, shown: unknown, holds: boolean): void {
  if (!holds) {
    throw new Error(`${taken + 1}. ${title}: not what was expected: ${shown}`);
  }
  taken += 1;
  console.log(`${taken}. ${title}: ${shown}`);
}

step("library version", version, /^\d+\.\d+\.\d+/.test(version));

const mesh = new Mesh("tour", { localOnly: true });
step("create a mesh", mesh.name, mesh.name === "tour" && !mesh.isRunning);

await mesh.start();
step("start it", "running", mesh.isRunning);

step("status", `running as node ${mesh.nodeId}`, mesh.nodeId !== "");

const tags = ["tour"];
const greeter = { greet: (name: string) => `hello ${name}` };
const add = (numbers: number[]): number =>
  numbers.reduce((sum, number) => sum + number);
const reverse = async (payload: Uint8Array): Promise<Uint8Array> =>
  payload.slice().reverse();
await mesh.register("greeter", greeter, { version: "1.0.0", tags });
await mesh.register("adder", add, { version: "1.1.0", tags });
await mesh.register("reverser", reverse, { version: "2.0.0", tags });
const names = mesh.registrations.map(({ instance }) => instance.service);
step(
  "register three services",
  names.join(", "),
  isDeepStrictEqual(names, ["greeter", "adder", "reverser"]),
);

const found = mesh
  .discover({ tags })
  .map(({ service, version }) => `${service} ${version}`);
step(
  "find all three",
  found.join(", "),
  isDeepStrictEqual(found, ["adder 1.1.0", "greeter 1.0.0", "reverser 2.0.0"]),
);

const count = mesh.activeServiceCount();
step("count the active ones", count, count === 3);

const options = { timeout: 2_000 };
const answers = [
  await mesh.call("greeter", "greet", "Ann", options),
  await mesh.call("adder", "", [1, 2, 3], options),
  await mesh.call("reverser", "", Uint8Array.of(1, 2, 3), options),
];
step(
  "call each",
  answers.map((answer) => JSON.stringify(answer)).join(", "),
  isDeepStrictEqual(answers, ["hello Ann", 6, Uint8Array.of(3, 2, 1)]),
);

for (const registration of mesh.registrations) {
  await registration.deregister();
}
const left = mesh.discover();
await mesh.stop();
step("clean up", "nothing is left", left.length === 0 && !mesh.isRunning);

console.log(`${taken}/${STEPS}`);
if (taken !== STEPS) {
  process.exitCode = 1;
}
