/** gRPC by @grpc/grpc-js: a unary call in plain text, with bytes as messages. It has no topics. */

import grpc from "@grpc/grpc-js";
import { TIMEOUT, answer } from "../measure.js";

const asItIs = (bytes) => bytes;
const service = {
  echo: {
    path: "/bench.Echo/Echo",
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
};

export async function serve(address) {
  const server = new grpc.Server();
  server.addService(service, { echo: (call, reply) => reply(null, answer(call.request)) });
  await new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return () => server.forceShutdown();
}

export async function connect(address) {
  const Client = grpc.makeGenericClientConstructor(service, "Echo");
  const client = new Client(address, grpc.credentials.createInsecure());
  return {
    call: (payload) =>
      new Promise((resolve, reject) => {
        client.echo(payload, { deadline: Date.now() + TIMEOUT }, (error, reply) =>
          error ? reject(error) : resolve(reply),
        );
      }),
    close: () => client.close(),
  };
}
