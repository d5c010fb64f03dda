/**
 * Opening a connection inside a Region takes milliseconds. This is generous, since a busy event loop counts against it:
 * Node fires a timer that ran out before it looks at the socket that opened meanwhile.
 */
const CONNECT_MAX_MS = 2_000;

/** How one service's client calls: everything explicit, because the SDK's defaults wait for ever and repeat thrice. */
export interface CallLimits {
  /** From sending the request to the last byte of the answer. */
  readonly requestMaxMs: number;
  /** 1: the SDK repeats nothing, since the ledger does. More only where no ledger stands behind and a repeat is free. */
  readonly attemptsMax: number;
  /**
   * False: each call opens its own connection. A container that was frozen wakes up with dead sockets; where the first
   * write on one would cost a minute of doubt, a handshake is cheaper.
   */
  readonly keepAlive?: boolean;
}

/** Client options that hold the limits. A breach throws a TimeoutError (the SDK alone would only print a warning). */
export function callLimits({ requestMaxMs, attemptsMax, keepAlive = true }: CallLimits) {
  return {
    maxAttempts: attemptsMax,
    requestHandler: {
      connectionTimeout: CONNECT_MAX_MS,
      requestTimeout: requestMaxMs,
      socketTimeout: requestMaxMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive },
      httpsAgent: { keepAlive },
    },
  };
}
