/**
 * Where a library is, and how this thread gets it. It knows no symbol of the library's.
 *
 * A worker thread has a library for itself, as a copy that is deleted at once: what foreign
 * code implements is registered once a library, so threads that shared one would get each
 * other's calls. Its state is therefore the worker's own, too.
 */

import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import koffi, { type LibraryHandle } from "koffi";

import { ffi, process_ } from "./ffi.js";

/** What the generated module knows about its library's place. */
export interface Place {
  /** The library's name, without prefix and suffix. */
  name: string;
  namespace: string;
  /** The module that was generated. */
  beside: string;
  /** The library's folder as seen from the module, `{platform}` and `{arch}` filled in. */
  folder: string;
}

const RTLD_NOW = 2;
const loaded = new Map<string, LibraryHandle>();

/** The path of the library, and the library: one for all namespaces of a thread. */
export function load(place: Place): { path: string; handle: LibraryHandle } {
  const path = locate(place);
  let handle = loaded.get(path);
  if (handle === undefined) {
    handle = isMainThread ? open(path) : openCopy(path);
    loaded.set(path, handle);
  }
  return { path, handle };
}

function openCopy(path: string): LibraryHandle {
  const folder = mkdtempSync(join(tmpdir(), "uniffi-"));
  const copy = join(folder, basename(path));
  try {
    copyFileSync(path, copy);
    return open(copy);
  } finally {
    // Windows keeps a file that is in use: there the copy stays.
    if (process.platform !== "win32") {
      rmSync(folder, { recursive: true });
    }
  }
}

function open(path: string): LibraryHandle {
  const handle = koffi.load(path);
  // koffi unloads with the thread, but the library's own threads may outlive it: a second
  // reference, which nobody gives back, keeps their code in memory.
  if (process.platform === "win32") {
    koffi.load("kernel32.dll").func("LoadLibraryW", ffi.address, ["str16"])(
      path,
    );
  } else {
    process_.func("dlopen", ffi.address, ["str", "int"])(path, RTLD_NOW);
  }
  return handle;
}

function locate({ name, namespace, beside, folder }: Place): string {
  const variable = `UNIFFI_LIBRARY_${name.toUpperCase()}`;
  const given = process.env[variable];
  if (given !== undefined) {
    return given;
  }
  const file =
    process.platform === "win32"
      ? `${name}.dll`
      : process.platform === "darwin"
        ? `lib${name}.dylib`
        : `lib${name}.so`;
  const within = folder
    .replaceAll("{platform}", process.platform)
    .replaceAll("{arch}", process.arch);
  const path = fileURLToPath(new URL(`${within}/${file}`, beside));
  if (!existsSync(path)) {
    throw new Error(
      `the library of ${namespace} is not at ${path}: put it there,` +
        ` or name it in ${variable}`,
    );
  }
  return path;
}
