import type { FrozenRequest } from '../contracts/ledger.ts';
import type { Fault, Outcome } from './outcome.ts';

/** An instance as a launch answer or a listing names it. */
export interface LaunchedInstance {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly market: 'spot' | 'on-demand';
}

export interface SeenInstance extends LaunchedInstance {
  readonly state: 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';
  readonly imageId: string;
  /** Epoch milliseconds. */
  readonly launchedAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** One error inside a CreateFleet answer, already named by what it allows. */
export interface OfferFault {
  readonly instanceType: string | null;
  readonly zone: string | null;
  readonly fault: Fault;
}

/** What a launch gave: both lists may be non-empty, and instances may be fewer or more than asked. */
export interface LaunchAnswer {
  readonly instances: readonly LaunchedInstance[];
  readonly faults: readonly OfferFault[];
}

/** EC2. SDK retries are off: the ledger retries. */
export interface Instances {
  /**
   * CreateFleet, type instant. The same frozen request may be sent again: by documentation the first result comes back,
   * but AWS does not promise that a repeated instant fleet names its instances. An answer that is `ok` with nothing in
   * either list therefore means unknown, not none. `refused` with code `IdempotentParameterMismatch`: another request used the ticket.
   */
  launch(request: FrozenRequest): Promise<Outcome<LaunchAnswer>>;
  /** Instances carrying the ticket's tag. May lag a launch by a minute: absence means unknown until then. */
  findByTicket(ticket: string): Promise<Outcome<readonly SeenInstance[]>>;
  /**
   * Every instance that carries the stack's tag, terminated ones included while EC2 shows them (about an hour).
   * `ok` only if the list is complete; a failed page fails the whole call.
   */
  list(stackId: string): Promise<Outcome<readonly SeenInstance[]>>;
  /**
   * Ends instances, whatever they run. Repeating is free. The map holds each id that was asked for: 'ending' (shutting
   * down or terminated already), 'unseen' (EC2 does not know it: not the same as ended for young instances), or a fault.
   */
  terminate(ids: readonly string[]): Promise<ReadonlyMap<string, 'ending' | 'unseen' | Fault>>;
  /** Starts to disable the metadata endpoint. Repeating is free. 'unseen': EC2 does not know the instance yet. */
  disableMetadata(instanceId: string): Promise<Outcome<'pending' | 'applied' | 'unseen'>>;
  /** State of that change. */
  metadataState(instanceId: string): Promise<Outcome<'pending' | 'applied' | 'unseen'>>;
}
