/**
 * One side of one system, in a process of its own: it speaks the protocol of bench/peers/README.md.
 *
 *     node peer.js SYSTEM serve ADDRESS
 *     node peer.js SYSTEM drive ADDRESS 1
 *     node peer.js commy cross ADDRESS
 *
 * Owns the command line and the lines that go in and out. How anything is measured is in
 * measure.js, the same for all systems; how a system is used is in systems/.
 */

import { createInterface } from "node:readline";
import * as measure from "./measure.js";

const [name, side, address] = process.argv.slice(2);
const system = await import(`./systems/${name}.js`);

function say(line) {
  process.stdout.write(`${line}\n`);
}

const lines = createInterface({ input: process.stdin });
if (side === "serve") {
  const close = await system.serve(address);
  say("ready");
  for await (const _ of lines);
  await close();
} else if (side === "cross") {
  const crossings = await system.crossings(address);
  say("ready");
  for await (const line of lines) {
    const [, kind, seconds] = line.split(" ");
    say(JSON.stringify(await measure.cost(crossings[kind], Number(seconds))));
  }
  await crossings.close();
} else {
  const returned = new measure.Returned();
  const client = await system.connect(address, (event) => returned.take(event));
  await measure.meet(client);
  if (client.publish) {
    await measure.join(client, returned);
  }
  say("ready");
  for await (const line of lines) {
    const [command, ...rest] = line.split(" ");
    const numbers = rest.map(Number);
    if (command === "echo") {
      say(JSON.stringify(await measure.echo(client, ...numbers)));
    } else if (command === "events") {
      say(JSON.stringify(await measure.events(client, returned, ...numbers)));
    } else {
      throw new Error(`no command is called ${command}`);
    }
  }
  await client.close();
}
process.exit(0);
