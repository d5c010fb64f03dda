import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MetricName } from '../contracts/metrics.ts';
import type { Journal } from '../ports/journal.ts';
import { safeEvent, safeFields } from './log-text.ts';

const NAMESPACE = 'Mayfly';

/** A metric named for milliseconds is one; all others count things. */
const unitOf = (metric: MetricName) => (metric.endsWith('Ms') ? MetricUnit.Milliseconds : MetricUnit.Count);

/** Log lines as JSON and metrics as EMF lines, both on standard output, where Lambda collects them. */
export function createPowertoolsJournal(parts: {
  /** The function's name: the log's `service`. */
  readonly service: string;
  readonly stackId: string;
}): Journal {
  const logger = new Logger({
    serviceName: parts.service,
    persistentKeys: { stack: parts.stackId },
  });
  const metrics = new Metrics({ namespace: NAMESPACE });
  return {
    say: (event, fields = {}) => quietly(() => logger.info(safeEvent(event), { with: safeFields(fields) })),
    warn: (event, fields = {}) => quietly(() => logger.warn(safeEvent(event), { with: safeFields(fields) })),
    count: (metric, { pool, reason, n = 1 } = {}) =>
      quietly(() => {
        // One line per count: each has dimensions of its own, and nothing waits for a flush that a killed function never makes.
        const line = metrics.singleMetric();
        line.clearDefaultDimensions();
        line.addDimensions({
          stack: parts.stackId,
          ...(pool !== undefined && { pool }),
          ...(reason !== undefined && { reason }),
        });
        line.addMetric(metric, unitOf(metric), n);
      }),
  };
}

/** What is told to people must never decide what happens to jobs. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // A line is lost; the work goes on.
  }
}
