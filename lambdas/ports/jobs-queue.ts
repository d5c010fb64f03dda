import type { JobEvent } from '../contracts/job-event.ts';
import type { Outcome } from './outcome.ts';

/** The way from webhook to dispatch. At least once, in no order. */
export interface JobsQueue {
  /** One message. After `unsure` it may have been sent; sending again costs a duplicate, which dispatch absorbs. */
  send(event: JobEvent): Promise<Outcome<void>>;
}

/** The webhook's own secret. */
export interface WebhookSecretStore {
  /** Current and previous secret. `fresh` skips the container's copy (at most one read per minute does so). */
  secrets(options?: { readonly fresh?: boolean }): Promise<Outcome<readonly string[]>>;
}
