import { isBuiltin, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The managed Node runtime brings these; everything else must be in the bundle. */
const RUNTIME_SUPPLIED = /^@(aws-sdk|smithy)\//;

/**
 * Makes imports of the handler behave as in Lambda, where nothing lies around the asset: a module outside of it is not
 * found, even if this machine's node_modules has it. The SDK is taken from where this file lives.
 */
export function guardModules(assetDirectory: string): void {
  const inside = `${pathToFileURL(assetDirectory).href}/`;
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      if (isBuiltin(specifier) || context.parentURL?.startsWith(inside) !== true) {
        return nextResolve(specifier, context);
      }
      if (RUNTIME_SUPPLIED.test(specifier)) {
        return nextResolve(specifier, { ...context, parentURL: import.meta.url });
      }
      const resolved = nextResolve(specifier, context);
      if (resolved.url.startsWith(inside)) return resolved;
      throw new Error(
        `Cannot find module '${specifier}': it is not in the function's asset, and Lambda has only that`,
      );
    },
  });
}
