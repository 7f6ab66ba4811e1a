/** The services of the shop, and which part of it serves which. */

import {
  BadRequestError,
  type CommyError,
  type Context,
  HandlerError,
  HandlerFailedError,
  type Mesh,
} from "commy";

export interface Order {
  item: string;
  count: number;
}

export interface Sale {
  id: string;
  receipt: { paid: number; order: string };
}

/** The parts of the shop, each of which needs the other. */
export type Part = "counter" | "warehouse";

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
  readonly #mesh: Mesh;
  readonly #prices = new Map([
    ["tea", 4],
    ["cup", 60],
  ]);
  #count = 0;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

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
      await this.#mesh.call("inventory", "reserve", order, options);
    } catch (error) {
      throw passedOn(error);
    }
    const payment = { amount: price * order.count };
    const headers = { "order-id": id };
    try {
      const receipt = await this.#mesh.call<Sale["receipt"]>(
        "payments",
        "charge",
        payment,
        { ...options, headers },
      );
      await this.#mesh.publish("orders/created", { id, ...order });
      return { id, receipt };
    } catch (error) {
      await this.#mesh.call("inventory", "release", order);
      const why = (error as CommyError).code;
      await this.#mesh.publish("orders/declined", { id, why });
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

/** Registers the services of a part of the shop. */
export async function serve(mesh: Mesh, part: Part): Promise<void> {
  if (part === "warehouse") {
    await mesh.register("inventory", new Inventory(), { version: "1.0.0" });
    return;
  }
  await mesh.register("payments", payments, { version: "1.0.0" });
  await mesh.register("orders", new Orders(mesh), {
    version: "2.1.0",
    tags: ["entrance"],
  });
}
