/** commy: the address is the name of a mesh, and there is nothing else to configure. */

import { Mesh } from "commy";
import { Relay, TIMEOUT, answer } from "../measure.js";

const QUEUE = { capacity: 1024, overflow: "block" };

export async function serve(address) {
  const mesh = await Mesh.start(address);
  const there = await mesh.subscribe("bench/there", QUEUE);
  await mesh.register("echo", (payload) => answer(payload));
  const relaying = (async () => {
    const relay = new Relay();
    for await (const event of there) {
      const back = relay.take(event.payload);
      if (back) {
        await mesh.publish("bench/back", back);
      }
    }
  })();
  return async () => {
    await mesh.stop();
    await relaying;
  };
}

export async function connect(address, onEvent) {
  const mesh = await Mesh.start(address);
  const back = await mesh.subscribe("bench/back", QUEUE);
  const taking = (async () => {
    for await (const event of back) {
      onEvent(event.payload);
    }
  })();
  return {
    call: (payload) => mesh.call("echo", "", payload, { timeout: TIMEOUT }),
    publish: (event) => mesh.publish("bench/there", event),
    close: async () => {
      await mesh.stop();
      await taking;
    },
  };
}

/** The ways into the runtime, within one process. */
export async function crossings(address) {
  const mesh = await Mesh.start(address);
  await mesh.register("echo", (payload) => payload);
  const nothing = Buffer.alloc(0);
  return {
    sync: { isAwaited: false, once: () => mesh.isRunning },
    awaited: { isAwaited: true, once: () => mesh.publish("nobody/listens", nothing) },
    callback: { isAwaited: true, once: () => mesh.call("echo", "", nothing) },
    close: () => mesh.stop(),
  };
}
