/** Stand in the JIT key and as the report token: secrets that may show up nowhere. */
export const CANARY = 'canary-private-exponent-5f0c1d';
export const TOKEN = 'canary-report-token-BBBBBBBBBBBBBBBBBBBBBBB';
export const INSTANCE_ID = 'i-0123456789abcdef0';
/** Names as real ones are formed, so that the strict level's list decides on them. */
export const CLAIM_HOST = 'abcdefgh.lambda-url.eu-west-1.on.aws';
export const GITHUB_HOST = 'pipelines.actions.githubusercontent.com';
/** A name on nobody's list. */
export const OTHER_HOST = 'collector.example';

export type Level = 'compatible' | 'standard' | 'strict';
export type OutsideScript = {
  readonly level: Level;
  readonly steps: readonly { readonly name: string; readonly run: string }[];
  readonly graceMs: number;
  readonly keyFile: string;
  readonly certFile: string;
  /** What was heard is appended here. */
  readonly heardFile: string;
};
