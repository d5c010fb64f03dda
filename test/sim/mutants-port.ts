import { TAG } from '../../lambdas/contracts/tags.ts';
import { done, failed, type Outcome } from '../../lambdas/ports/outcome.ts';
import type { Mutant } from './mutants.ts';
import type { RawPorts, Twist } from './sim.ts';

/** Bugs of what is asked of EC2 and GitHub, and of what their answers are taken for. */

type Context = Parameters<Twist>[1];

const instances =
  (twist: (port: RawPorts['instances'], context: Context) => Partial<RawPorts['instances']>) =>
  (ports: RawPorts, context: Context): RawPorts => ({
    ...ports,
    instances: { ...ports.instances, ...twist(ports.instances, context) },
  });
const github =
  (twist: (port: RawPorts['github'], context: Context) => Partial<RawPorts['github']>) =>
  (ports: RawPorts, context: Context): RawPorts => ({
    ...ports,
    github: { ...ports.github, ...twist(ports.github, context) },
  });

/** An answer that never came is taken for one that says: nothing happened. */
const unsureIsBusy = <T>(outcome: Outcome<T>): Outcome<T> =>
  !outcome.ok && outcome.fault.kind === 'unsure'
    ? failed({ kind: 'busy', code: outcome.fault.code, retryAfterMs: 1_000 })
    : outcome;

export const PORT_MUTANTS: Readonly<Record<string, Mutant>> = {
  'half-a-list': {
    says: 'the sweep takes the first page of machines for all of them',
    caughtBy: ['UnseenIsNotGone'],
    mutation: {
      ports: instances((port) => ({
        list: async (stackId) => {
          const all = await port.list(stackId);
          return all.ok ? done(all.value.slice(0, Math.ceil(all.value.length / 2))) : all;
        },
      })),
    },
  },
  'no-list-is-none': {
    says: 'the sweep takes a list that failed for an empty one',
    caughtBy: ['UnseenIsNotGone'],
    from: 18,
    mutation: {
      answers: instances((port) => ({
        list: async (stackId) => {
          const all = await port.list(stackId);
          return all.ok ? all : done([]);
        },
      })),
    },
  },
  'ends-nothing': {
    says: 'TerminateInstances is believed to have worked, and did not',
    caughtBy: ['LifetimeExceeded', 'Quiet'],
    mutation: {
      ports: instances(() => ({
        terminate: async (ids) => new Map(ids.map((id) => [id, 'ending' as const])),
      })),
    },
  },
  'launch-unsure-is-no': {
    says: 'a launch whose answer was lost is taken for one that did not happen',
    caughtBy: [],
    equivalent:
      'the launch stays open either way and is replayed under its token, which answers with the first result',
    mutation: {
      answers: instances((port) => ({ launch: async (request) => unsureIsBusy(await port.launch(request)) })),
    },
  },
  'fresh-ticket': {
    says: 'a launch that is asked for again is asked for under another token',
    caughtBy: ['LaunchRepeated', 'OrphanFound'],
    mutation: {
      ports: instances((port, { sim }) => {
        return {
          launch: (request) => {
            const ticket = `${request.ticket.slice(0, -4)}${String(sim.world.crossings % 10_000).padStart(4, '0')}`;
            return port.launch({ ...request, ticket, tags: { ...request.tags, [TAG.ticket]: ticket } });
          },
        };
      }),
    },
  },
  untagged: {
    says: 'machines are launched without the tag of their ticket',
    caughtBy: ['OrphanFound'],
    mutation: {
      ports: instances((port) => ({
        launch: (request) => {
          const { [TAG.ticket]: _, ...tags } = request.tags;
          return port.launch({ ...request, tags });
        },
      })),
    },
  },
  'metadata-believed-closed': {
    says: 'the metadata endpoint is believed closed as soon as it was asked for',
    caughtBy: ['MetadataClosed'],
    mutation: {
      answers: instances((port) => ({
        disableMetadata: async (id) => {
          const answer = await port.disableMetadata(id);
          return answer.ok && answer.value === 'pending' ? done('applied') : answer;
        },
        metadataState: async () => done('applied'),
      })),
    },
  },
  'second-mint': {
    says: 'a registration is minted twice, and the first one forgotten',
    caughtBy: ['NoGhosts', 'OneEach'],
    mutation: {
      ports: github((port) => ({
        mint: async (request) => {
          await port.mint({ ...request, name: `${request.name.slice(0, -1)}-` });
          return port.mint(request);
        },
      })),
    },
  },
  'mint-unsure-is-no': {
    says: 'a registration whose answer was lost is taken for one that was never made',
    caughtBy: [],
    equivalent: 'its name was written first and is doomed either way, then looked for and deleted',
    mutation: {
      answers: github((port) => ({ mint: async (request) => unsureIsBusy(await port.mint(request)) })),
    },
  },
  'first-runner-only': {
    says: 'only the first of the registrations that GitHub lists is looked at',
    caughtBy: ['NoGhosts'],
    mutation: {
      ports: github((port) => ({
        listRunners: async (scope) => {
          const all = await port.listRunners(scope);
          return all.ok ? done(all.value.slice(0, 1)) : all;
        },
      })),
    },
  },
  'busy-is-idle': {
    says: 'a registration that GitHub keeps because it is busy is taken for one that went',
    caughtBy: ['NoMurder', 'LedgerCloses', 'UsageTrue', 'NoGhosts'],
    from: 235,
    mutation: {
      answers: github((port) => ({
        deregister: async (scope, id) => {
          const answer = await port.deregister(scope, id);
          return answer.ok && answer.value === 'busy' ? done('deregistered') : answer;
        },
      })),
    },
  },
  'no-discovery': {
    says: 'jobs that no webhook announced are never looked for, nor are failed webhooks asked for again',
    caughtBy: ['EveryJobRuns'],
    mutation: {
      ports: github(() => ({
        openRuns: async () => done([]),
        deliveries: async () => done({ deliveries: [], next: null }),
      })),
    },
  },
  'no-redelivery': {
    says: 'failed webhooks are never asked for again',
    caughtBy: [],
    equivalent: 'discovery finds the same jobs, some minutes later',
    mutation: { ports: github(() => ({ deliveries: async () => done({ deliveries: [], next: null }) })) },
  },
  'secret-said': {
    says: 'the answer of a mint is logged whole',
    caughtBy: ['SecretsStay'],
    mutation: {
      ports: github((port, { sim }) => ({
        mint: async (request) => {
          const answer = await port.mint(request);
          sim.tell({ kind: 'said', event: 'minted', fields: { answer: JSON.stringify(answer) } });
          return answer;
        },
      })),
    },
  },
};
