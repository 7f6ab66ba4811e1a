/** NATS: request and reply with a queue group, through nats-server at HOST:PORT. */

import { connect as open } from "nats";
import { Relay, TIMEOUT, answer } from "../measure.js";

export async function serve(address) {
  const connection = await open({ servers: address });
  const relay = new Relay();
  connection.subscribe("echo", {
    queue: "echo",
    callback: (_, message) => message.respond(answer(message.data)),
  });
  connection.subscribe("bench.there", {
    callback: (_, message) => {
      const back = relay.take(message.data);
      if (back) {
        connection.publish("bench.back", back);
      }
    },
  });
  await connection.flush();
  return () => connection.close();
}

export async function connect(address, onEvent) {
  const connection = await open({ servers: address });
  connection.subscribe("bench.back", { callback: (_, message) => onEvent(message.data) });
  await connection.flush();
  return {
    call: async (payload) =>
      (await connection.request("echo", payload, { timeout: TIMEOUT })).data,
    publish: (event) => connection.publish("bench.there", event),
    close: () => connection.close(),
  };
}
