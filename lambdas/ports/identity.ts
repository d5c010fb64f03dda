import type { IdentityDocument } from '../contracts/claim.ts';
import type { Reason } from '../contracts/reasons.ts';

export type IdentityRefusal = Extract<Reason, `identity-${string}`>;

/** Proves which instance speaks. Pure but asynchronous: no call leaves the process. */
export interface IdentityVerifier {
  /** What the document states, unverified: to refuse cheaply before a table read. Undefined when unreadable. */
  stated(rsa2048: string): IdentityDocument | undefined;
  /**
   * Whether AWS signed this document for an instance of `region`: pinned certificate, CMS signature, and the whole
   * envelope against the exact shape AWS emits. Says nothing of freshness or of whose instance it is.
   */
  verify(
    rsa2048: string,
    region: string,
  ): Promise<
    | { readonly ok: true; readonly document: IdentityDocument }
    | { readonly ok: false; readonly reason: IdentityRefusal }
  >;
}
