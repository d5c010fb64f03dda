import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Context } from 'aws-lambda';

export type Handler = (event: unknown, context: Context) => unknown;

/** In the order in which the Node runtime of Lambda looks. */
const EXTENSIONS = ['.js', '.mjs', '.cjs'];

/** Imports `<file>.<export>` from the asset. Throws Lambda's own error names if it cannot. */
export async function loadHandler(assetDirectory: string, handler: string): Promise<Handler> {
  const dot = handler.lastIndexOf('.');
  const [file, name] = [handler.slice(0, dot), handler.slice(dot + 1)];
  const path = EXTENSIONS.map((extension) => join(assetDirectory, file + extension)).find(existsSync);
  if (path === undefined)
    throw named('Runtime.ImportModuleError', `Cannot find module '${file}' in the asset`);
  const loaded: unknown = await import(pathToFileURL(path).href).catch((error: unknown) => {
    throw named('Runtime.ImportModuleError', error instanceof Error ? error.message : String(error));
  });
  const found = exportOf(loaded, name);
  if (found === undefined) throw named('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (found.length > 2) {
    throw named(
      'Runtime.CallbackHandlerDeprecated',
      `${handler} takes a callback; Node 24 wants an async function`,
    );
  }
  return found;
}

function exportOf(loaded: unknown, name: string): Handler | undefined {
  if (typeof loaded !== 'object' || loaded === null) return undefined;
  const found = Reflect.get(loaded, name) ?? Reflect.get(Object(Reflect.get(loaded, 'default')), name);
  return typeof found === 'function' ? found : undefined;
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
