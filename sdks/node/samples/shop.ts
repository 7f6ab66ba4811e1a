/**
 * A shop of three services that call each other, an outside server that they make known, and
 * events that tell of what was sold.
 *
 * `node shop.js` has all of it in one process, checks what it shows, and ends with exit code 0 only
 * if all of it is as it should be. `node shop.js counter` and `node shop.js warehouse`, each in a
 * terminal of its own, are parts that find and call each other. The shops of the other languages
 * have the same parts, and theirs will do.
 */

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";

import { type CommyError, FailedPreconditionError, Mesh } from "commy";

import { open } from "./shop/part.js";
import { type Order, type Sale, serve } from "./shop/services.js";

/** The outside server: a health page, and invoices. */
function invoicing(): Server {
  return createServer(async (request, response) => {
    const answer =
      request.method === "POST"
        ? { invoice: `invoice for ${(await bodyOf(request)).id}` }
        : { status: "up" };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
}

async function bodyOf(request: IncomingMessage): Promise<{ id: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as { id: string };
}

function check(what: string, found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) {
    const [got, wanted] = [found, expected].map((it) => JSON.stringify(it));
    throw new Error(`${what}: found ${got}, expected ${wanted}`);
  }
  console.log(`${what}: ${JSON.stringify(found)}`);
}

/** Why an order is refused. */
async function refused(mesh: Mesh, order: Partial<Order>): Promise<string> {
  try {
    const sale = await mesh.call("orders", "create", order);
    return `it was not: ${JSON.stringify(sale)}`;
  } catch (error) {
    return (error as CommyError).code;
  }
}

async function sell(mesh: Mesh): Promise<void> {
  await using events = await mesh.subscribe<{ id: string; why?: string }>(
    "orders/*",
  );
  const tea = (count: number): Order => ({ item: "tea", count });
  const sold = await mesh.call("orders", "create", tea(3), { timeout: 2_000 });
  const receipt = { paid: 12, order: "order-1" };
  check("an order", sold, { id: "order-1", receipt });
  const cups = (count: number): Order => ({ item: "cup", count });
  check(
    "more cups than there are",
    await refused(mesh, cups(3)),
    "OUT_OF_STOCK",
  );
  check("more than the card allows", await refused(mesh, cups(2)), "DECLINED");
  check(
    "an order for nothing",
    await refused(mesh, { item: "moon" }),
    "INVALID_ARGUMENT",
  );
  const levels = await mesh.call("inventory", "levels");
  check("what is left", levels, { tea: 7, cup: 2 });

  const many = Array.from({ length: 7 }, () =>
    mesh.call<Sale>("orders", "create", tea(1)),
  );
  const ids = (await Promise.all(many)).map(({ id }) => id);
  check("seven at once", new Set(ids).size, 7);
  check("one more", await refused(mesh, tea(1)), "OUT_OF_STOCK");

  const told: string[] = [];
  for await (const { topic, value } of events) {
    told.push(`${topic} ${value.why ?? value.id}`);
    if (told.length === 9) {
      break;
    }
  }
  check("the first event", told[0], "orders/created order-1");
  check("the second event", told[1], "orders/declined DECLINED");
  const others = told.slice(2).map((event) => event.split(" ")[0]);
  check("the others", [...new Set(others)], ["orders/created"]);
}

async function invoice(mesh: Mesh): Promise<void> {
  const server = invoicing();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using changes = mesh.watch("invoicing");
  await mesh.advertise("invoicing", address, {
    check: {
      probe: "http",
      path: "/health",
      interval: 50,
      timeout: 500,
      fall: 2,
    },
  });
  check("the outside server is", (await changes.next()).value?.kind, "added");
  const [found] = mesh.discover("invoicing");
  check("found at its address", found?.endpoint === address, true);
  const response = await fetch(`${found?.endpoint}/invoices`, {
    method: "POST",
    body: JSON.stringify({ id: "order-1" }),
  });
  const expected = { invoice: "invoice for order-1" };
  check("dialled by us", await response.json(), expected);
  const error: unknown = await mesh
    .call("invoicing", "create")
    .catch((it) => it);
  const isRefused =
    error instanceof FailedPreconditionError && error.reason.includes(address);
  check("and not through the mesh", isRefused, true);

  server.close();
  server.closeAllConnections();
  check("stopped, it is", (await changes.next()).value?.kind, "removed");
  check("and found no more", mesh.discover("invoicing"), []);
}

/** All of the shop in one process, which keeps to itself. */
async function whole(): Promise<void> {
  await using mesh = await Mesh.start("shop", {
    callTimeout: 5_000,
    localOnly: true,
  });
  await serve(mesh, "warehouse");
  await serve(mesh, "counter");
  check("services", mesh.activeServiceCount(), 3);
  await sell(mesh);
  await invoice(mesh);
  check("messages that left this process", mesh.stats().fabricMessages, 0);
  await mesh.stop();
  console.log("the shop is closed: all as it should be");
}

const [part, ...more] = process.argv.slice(2);
if (part === undefined) {
  await whole();
} else if ((part === "counter" || part === "warehouse") && more.length === 0) {
  await open(part);
} else {
  console.error("usage: node shop.js [counter|warehouse]");
  process.exitCode = 2;
}
