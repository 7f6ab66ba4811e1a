/** One part of the shop in a process of its own, which finds the other part wherever it runs. */

import {
  HandlerFailedError,
  Mesh,
  NotFoundError,
  UnavailableError,
} from "commy";

import { type Part, serve } from "./services.js";

/** What each part needs, and the service by which it is found. */
const NEEDS: Record<Part, { other: Part; service: string }> = {
  counter: { other: "warehouse", service: "inventory" },
  warehouse: { other: "counter", service: "orders" },
};

/** Opens a part until Ctrl-C. */
export async function open(part: Part): Promise<void> {
  const { other, service } = NEEDS[part];
  const opened = performance.now();
  await using mesh = await Mesh.start("shop", { callTimeout: 5_000 });
  const changes = mesh.watch(service);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // The loop below ends with what it goes through.
    process.once(signal, () => changes.close());
  }
  // The counter sells once it knows of a warehouse.
  if (part === "warehouse") {
    await serve(mesh, part);
  }
  const id = short(mesh.nodeId);
  console.log(
    `the ${part} is open as node ${id}, and looks for the ${other} (Ctrl-C closes it)`,
  );
  for await (const { kind, instance } of changes) {
    const place = `${other} on node ${short(instance.nodeId)}`;
    if (kind === "removed") {
      console.log(`the ${place} is closed`);
    } else if (kind === "added") {
      const seconds = ((performance.now() - opened) / 1_000).toFixed(3);
      console.log(`found the ${place}, ${seconds} s after opening`);
      await greet(mesh, other);
      if (mesh.registrations.length === 0) {
        await serve(mesh, part);
      }
    }
  }
}

/** Calls the other part, and says what it answered. */
async function greet(mesh: Mesh, other: Part): Promise<void> {
  try {
    if (other === "warehouse") {
      const levels = await mesh.call("inventory", "levels");
      console.log(`in the warehouse there are ${JSON.stringify(levels)}`);
    } else {
      const order = { item: "tea", count: 1 };
      const sale = await mesh.call("orders", "create", order);
      console.log(`sold by the counter: ${JSON.stringify(sale)}`);
    }
  } catch (error) {
    if (error instanceof HandlerFailedError) {
      const { code, reason } = error;
      console.log(`the ${other} refuses: ${code}, ${reason}`);
    } else if (
      // It may close just now.
      !(error instanceof NotFoundError || error instanceof UnavailableError)
    ) {
      throw error;
    }
  }
}

function short(node: string): string {
  return node.slice(0, 8);
}
