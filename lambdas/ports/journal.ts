import type { MetricName } from '../contracts/metrics.ts';
import type { Reason } from '../contracts/reasons.ts';

/** Fields of a log line: ours by name, foreign text only as values (JSON-escaped by the adapter). Never a secret. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly string[]>
>;

/** What is told to the operator: log lines and metrics. Cannot fail and never throws. */
export interface Journal {
  say(event: string, fields?: LogFields): void;
  /** Something a person should look at. */
  warn(event: string, fields?: LogFields): void;
  /** Adds to a metric; dimensions are bounded sets: pool names and reason codes. */
  count(
    metric: MetricName,
    by?: { readonly pool?: string; readonly reason?: Reason; readonly n?: number },
  ): void;
}
