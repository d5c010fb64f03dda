/** What parent and container say to each other over the child's IPC channel. Events and results travel as JSON text. */
export type ToContainer = {
  readonly kind: 'invoke';
  readonly requestId: string;
  readonly event: string;
  readonly functionArn: string;
  /** Real ms that the function may take, from now. */
  readonly timeoutMs: number;
  readonly traceId: string;
};

/** An error as Lambda reports it in its answer. */
export type LambdaError = {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
};

export type FromContainer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: LambdaError }
  | { readonly kind: 'done'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'failed'; readonly requestId: string; readonly error: LambdaError };

/** Any thrown value in Lambda's shape. */
export function toLambdaError(thrown: unknown): LambdaError {
  if (!(thrown instanceof Error))
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return { errorType: thrown.name, errorMessage: thrown.message, trace: thrown.stack?.split('\n') ?? [] };
}
