/** What a mesh across hosts needs: certificates, and a port that nobody listens on. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import type { TlsOptions } from "commy";

import { folder } from "./support.js";

const KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/** Signs certificates, by the command openssl. */
export class Authority {
  readonly #directory: string;

  constructor(name: string) {
    this.#directory = join(folder(), name);
    mkdirSync(this.#directory);
    this.#openssl(
      `req -x509 ${KEY} -days 2 -subj /CN=${name} -keyout ca-key.pem -out ca.pem` +
        " -addext keyUsage=critical,keyCertSign",
    );
  }

  /** The certificates of a node. */
  signs(node: string): TlsOptions & Record<keyof TlsOptions, string> {
    writeFileSync(
      join(this.#directory, "names"),
      "subjectAltName=DNS:localhost,IP:127.0.0.1\n" +
        "extendedKeyUsage=serverAuth,clientAuth\n" +
        "keyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n",
    );
    this.#openssl(
      `req ${KEY} -subj /CN=${node} -keyout ${node}-key.pem -out ${node}.csr`,
    );
    this.#openssl(
      `x509 -req -in ${node}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial` +
        ` -days 2 -extfile names -out ${node}.pem`,
    );
    const path = (file: string): string => join(this.#directory, file);
    return {
      ca: path("ca.pem"),
      certificate: path(`${node}.pem`),
      key: path(`${node}-key.pem`),
    };
  }

  #openssl(command: string): void {
    execFileSync("openssl", command.split(" "), {
      cwd: this.#directory,
      stdio: "pipe",
      timeout: 20_000,
    });
  }
}

/** A port of the loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}
