/**
 * A shop of three services that call each other, an outside server that they make known, and
 * events that tell of what was sold.
 */

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";

import {
  BadRequestError,
  CommyError,
  type Context,
  FailedPreconditionError,
  HandlerError,
  HandlerFailedError,
  Mesh,
} from "commy";

interface Order {
  item: string;
  count: number;
}

interface Sale {
  id: string;
  receipt: { paid: number; order: string };
}

const mesh = new Mesh("shop", { callTimeout: 5_000 });

/** What is on the shelves. */
class Inventory {
  readonly #stock = new Map([
    ["tea", 10],
    ["cup", 2],
  ]);

  reserve({ item, count }: Order): { left: number } {
    const left = this.#stock.get(item) ?? 0;
    if (left < count) {
      const details = { left };
      throw new HandlerError("OUT_OF_STOCK", `${left} of ${item} left`, {
        details,
      });
    }
    this.#stock.set(item, left - count);
    return { left: left - count };
  }

  release({ item, count }: Order): void {
    this.#stock.set(item, (this.#stock.get(item) ?? 0) + count);
  }

  levels(): Record<string, number> {
    return Object.fromEntries(this.#stock);
  }
}

const LIMIT = 100;

const payments = {
  async charge({ amount }: { amount: number }, { headers }: Context) {
    if (amount > LIMIT) {
      const reason = `${amount} is over the limit of ${LIMIT}`;
      throw new HandlerError("DECLINED", reason);
    }
    return { paid: amount, order: headers["order-id"] };
  },
};

class Orders {
  readonly #prices = new Map([
    ["tea", 4],
    ["cup", 60],
  ]);
  #count = 0;

  async create(order: Order, { timeLeft, signal }: Context): Promise<Sale> {
    const price = this.#prices.get(order.item);
    if (price === undefined || !(order.count >= 1)) {
      throw new BadRequestError(
        `an order names an item and a count, not ${JSON.stringify(order)}`,
      );
    }
    this.#count += 1;
    const id = `order-${this.#count}`;
    // What is left of the caller's time is all that these calls may take.
    const options = { timeout: timeLeft, signal };
    try {
      await mesh.call("inventory", "reserve", order, options);
    } catch (error) {
      throw passedOn(error);
    }
    const payment = { amount: price * order.count };
    const headers = { "order-id": id };
    try {
      const receipt = await mesh.call<Sale["receipt"]>(
        "payments",
        "charge",
        payment,
        { ...options, headers },
      );
      await mesh.publish("orders/created", { id, ...order });
      return { id, receipt };
    } catch (error) {
      await mesh.call("inventory", "release", order);
      const why = (error as CommyError).code;
      await mesh.publish("orders/declined", { id, why });
      throw passedOn(error);
    }
  }
}

/** What another service said, on purpose: it is not this one's word by itself. */
function passedOn(error: unknown): unknown {
  if (!(error instanceof HandlerFailedError)) {
    return error;
  }
  const { code, reason, details } = error;
  return new HandlerError(code, reason, { details, cause: error });
}

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
async function refused(order: Partial<Order>): Promise<string> {
  try {
    const sale = await mesh.call("orders", "create", order);
    return `it was not: ${JSON.stringify(sale)}`;
  } catch (error) {
    return (error as CommyError).code;
  }
}

async function sell(): Promise<void> {
  await using events = await mesh.subscribe<{ id: string; why?: string }>(
    "orders/*",
  );
  const tea = (count: number): Order => ({ item: "tea", count });
  const sold = await mesh.call("orders", "create", tea(3), { timeout: 2_000 });
  const receipt = { paid: 12, order: "order-1" };
  check("an order", sold, { id: "order-1", receipt });
  const cups = (count: number): Order => ({ item: "cup", count });
  check("more cups than there are", await refused(cups(3)), "OUT_OF_STOCK");
  check("more than the card allows", await refused(cups(2)), "DECLINED");
  check(
    "an order for nothing",
    await refused({ item: "moon" }),
    "INVALID_ARGUMENT",
  );
  const levels = await mesh.call("inventory", "levels");
  check("what is left", levels, { tea: 7, cup: 2 });

  const many = Array.from({ length: 7 }, () =>
    mesh.call<Sale>("orders", "create", tea(1)),
  );
  const ids = (await Promise.all(many)).map(({ id }) => id);
  check("seven at once", new Set(ids).size, 7);
  check("one more", await refused(tea(1)), "OUT_OF_STOCK");

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

async function invoice(): Promise<void> {
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

await mesh.start();
await mesh.register("inventory", new Inventory(), { version: "1.0.0" });
await mesh.register("payments", payments, { version: "1.0.0" });
await mesh.register("orders", new Orders(), {
  version: "2.1.0",
  tags: ["entrance"],
});
check("services", mesh.activeServiceCount(), 3);
await sell();
await invoice();
check("messages that left this process", mesh.stats().fabricMessages, 0);
await mesh.stop();
console.log("the shop is closed: all as it should be");
