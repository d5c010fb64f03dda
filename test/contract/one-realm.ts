import { types } from 'node:util';

/**
 * Jest runs tests in a realm of their own, so an error that Node's sockets make is no `instanceof Error` there; the SDK then
 * wraps it and loses its code, which it never does outside of jest. Importing this file lets `instanceof Error` see both.
 */
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, candidate: unknown): boolean {
    if (this === Error) return types.isNativeError(candidate);
    return Function.prototype[Symbol.hasInstance].call(this, candidate);
  },
});
