import { expect, it } from '@jest/globals';
import { TAG } from '../../lambdas/contracts/tags.ts';
import type { LaunchAnswer, SeenInstance } from '../../lambdas/ports/instances.ts';
import type { Fault } from '../../lambdas/ports/outcome.ts';
import { allOffers, IMAGE, type InstancesRig, STACK, ticketOf, type WorldOptions } from './ec2-world.ts';
import { NOON } from './items.ts';
import { value } from './ledger-contract.ts';

type Make = (options?: WorldOptions) => InstancesRig;

const UNKNOWN = 'i-0000000000000dead';
const idsOf = (list: readonly { readonly instanceId: string }[]): string[] =>
  list.map(({ instanceId }) => instanceId).sort();
const trueIds = ({ model, clock }: InstancesRig): string[] => idsOf(model.instances(clock.now()));

async function launched(rig: InstancesRig, count: number, ticket = ticketOf(1)): Promise<LaunchAnswer> {
  return value(await rig.instances.launch(rig.request(count, { ticket })));
}

/** The cases that every implementation of the Instances port passes. */
export function instancesContract(make: Make): void {
  itLaunches(make);
  itRepeatsLaunches(make);
  itFinds(make);
  itTerminates(make);
  itClosesMetadata(make);
}

function itLaunches(make: Make): void {
  it.each(['spot', 'on-demand'] as const)(
    'names each instance it launched with type, zone and market (%s)',
    async (market) => {
      const rig = make();
      const answer = value(await rig.instances.launch(rig.request(3, { market })));
      expect(answer.faults).toEqual([]);
      expect(idsOf(answer.instances)).toEqual(trueIds(rig));
      expect(answer.instances).toHaveLength(3);
      for (const one of answer.instances) {
        const truth = rig.model.instance(one.instanceId);
        expect(one).toEqual({
          instanceId: one.instanceId,
          instanceType: truth?.type.name,
          zone: truth?.zone,
          market,
        });
      }
    },
  );

  it('gives fewer than asked, with a fault for each offer that fell short', async () => {
    const full = allOffers('spot').slice(0, 3);
    const rig = make({ exhausted: full });
    const answer = await launched(rig, 5);
    expect(answer.instances).toHaveLength(5);
    const named = answer.faults.map(({ instanceType, zone }) => `${instanceType}/${zone}/spot`);
    expect(named.every((offer) => full.includes(offer))).toBe(true);
  });

  it('gives nothing but a fault for every offer when all are exhausted', async () => {
    const rig = make({ exhausted: allOffers('spot') });
    const answer = await launched(rig, 2);
    expect(answer.instances).toEqual([]);
    expect(answer.faults.map(({ instanceType, zone }) => `${instanceType}/${zone}/spot`).sort()).toEqual(
      allOffers('spot').sort(),
    );
    for (const { fault } of answer.faults) {
      expect(fault).toEqual({ kind: 'exhausted', code: 'InsufficientInstanceCapacity' });
    }
  });

  it('calls a throttle inside a success busy and never exhaustion', async () => {
    const rig = make({ knobs: { fleetThrottleShare: 1 } });
    const answer = await launched(rig, 2);
    expect(answer.instances).toEqual([]);
    expect(answer.faults.length).toBeGreaterThan(0);
    for (const { fault } of answer.faults) {
      expect(fault).toMatchObject({ kind: 'busy', code: 'RequestLimitExceeded' });
    }
  });

  it('names every instance when EC2 gives more than asked', async () => {
    const rig = make({ knobs: { surplusShare: 1 } });
    const answer = await launched(rig, 2);
    expect(answer.instances).toHaveLength(3);
    expect(idsOf(answer.instances)).toEqual(trueIds(rig));
  });

  it.each([
    ['RequestLimitExceeded', 'busy'],
    ['MaxFleetCountExceeded', 'exhausted'],
    ['PendingVerification', 'refused'],
    ['UnauthorizedOperation', 'refused'],
    ['InternalError', 'unsure'],
    ['SomethingNew', 'refused'],
  ] as const)('calls a launch that fails as a whole with %s %s', async (code, kind) => {
    const rig = make({ callError: { action: 'CreateFleet', code } });
    const outcome = await rig.instances.launch(rig.request(1));
    expect(outcome).toMatchObject({ ok: false, fault: { kind, code } });
    expect(trueIds(rig)).toEqual([]);
  });

  it('refuses a launch from a template or with an image that is gone', async () => {
    const rig = make();
    const noTemplate = await rig.instances.launch(rig.request(1, { templateId: 'lt-0ffffffffffffffff' }));
    expect(noTemplate).toMatchObject({ ok: false, fault: { kind: 'refused' } });
    rig.model.deregisterImage(IMAGE);
    const noImage = await rig.instances.launch(rig.request(1, { ticket: ticketOf(2) }));
    const faults = noImage.ok ? noImage.value.faults.map(({ fault }) => fault) : [noImage.fault];
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault.kind).toBe('refused');
  });
}

function itRepeatsLaunches(make: Make): void {
  it('gives the first instances again when the same frozen request is sent again', async () => {
    const rig = make();
    const first = await launched(rig, 3);
    expect(await launched(rig, 3)).toEqual(first);
    expect(trueIds(rig)).toHaveLength(3);
  });

  it('answers with two empty lists when a repeat names nothing: unknown, not none', async () => {
    const rig = make({ knobs: { forgetfulTokenShare: 1 } });
    const first = await launched(rig, 2);
    expect(await launched(rig, 2)).toEqual({ instances: [], faults: [] });
    expect(idsOf(value(await rig.instances.findByTicket(ticketOf(1))))).toEqual(idsOf(first.instances));
  });

  it('refuses another request under a ticket that was used', async () => {
    const rig = make();
    await launched(rig, 1);
    expect(await rig.instances.launch(rig.request(2))).toEqual({
      ok: false,
      fault: { kind: 'refused', code: 'IdempotentParameterMismatch' },
    });
    expect(trueIds(rig)).toHaveLength(1);
  });

  it('calls a launch unsure when its answer was lost; its instances are found by ticket and by a repeat', async () => {
    const rig = make();
    rig.spoil('launch', 'after');
    expect(await rig.instances.launch(rig.request(2))).toMatchObject({
      ok: false,
      fault: { kind: 'unsure' },
    });
    const found = idsOf(value(await rig.instances.findByTicket(ticketOf(1))));
    expect(found).toHaveLength(2);
    expect(idsOf((await launched(rig, 2)).instances)).toEqual(found);
    expect(trueIds(rig)).toEqual(found);
  });
}

function itFinds(make: Make): void {
  it('finds what a ticket launched, as it stands, and nothing of another ticket', async () => {
    const rig = make();
    const { instances } = await launched(rig, 1);
    await launched(rig, 1, ticketOf(2));
    rig.clock.advance(6_000);
    const [one] = instances;
    const seen: readonly SeenInstance[] = value(await rig.instances.findByTicket(ticketOf(1)));
    expect(seen).toEqual([
      { ...one, state: 'running', imageId: IMAGE, launchedAt: NOON, tags: expect.objectContaining({}) },
    ]);
    expect(seen[0]?.tags).toMatchObject(rig.request(1).tags);
  });

  it('may not find a young launch yet', async () => {
    const rig = make({ knobs: { unindexedMs: { minMs: 30_000, maxMs: 30_000 } } });
    await launched(rig, 1);
    expect(value(await rig.instances.findByTicket(ticketOf(1)))).toEqual([]);
    rig.clock.advance(30_000);
    expect(value(await rig.instances.findByTicket(ticketOf(1)))).toHaveLength(1);
  });

  it('lists what carries the tag of the stack, the terminated included, and nothing else', async () => {
    const rig = make();
    const ours = await launched(rig, 2);
    const foreign = rig.request(1, { ticket: ticketOf(2) });
    await rig.instances.launch({ ...foreign, tags: { ...foreign.tags, [TAG.stack]: 'other999' } });
    rig.clock.advance(6_000);
    await rig.instances.terminate(idsOf(ours.instances).slice(0, 1));
    rig.clock.advance(60_000);
    const list = value(await rig.instances.list(STACK));
    expect(idsOf(list)).toEqual(idsOf(ours.instances));
    expect(list.map(({ state }) => state).sort()).toEqual(['running', 'terminated']);
  });

  it('lists more than a page holds', async () => {
    const rig = make();
    await launched(rig, 1_000);
    rig.clock.advance(60_000);
    await launched(rig, 100, ticketOf(2));
    const list = value(await rig.instances.list(STACK));
    expect(idsOf(list)).toEqual(trueIds(rig));
    expect(list).toHaveLength(1_100);
  });

  it.each(['list', 'findByTicket'] as const)(
    'fails %s as a whole when it could not be read, and calls it busy',
    async (call) => {
      const rig = make();
      for (const when of ['before', 'after'] as const) {
        rig.spoil(call, when);
        expect(await rig.instances[call](STACK)).toMatchObject({ ok: false, fault: { kind: 'busy' } });
      }
    },
  );
}

function itTerminates(make: Make): void {
  it('ends instances, and calls ending what ends or has ended already', async () => {
    const rig = make();
    const ids = idsOf((await launched(rig, 3)).instances);
    expect([...(await rig.instances.terminate(ids))]).toEqual(ids.map((id) => [id, 'ending']));
    rig.clock.advance(60_000);
    expect([...(await rig.instances.terminate(ids)).values()]).toEqual(['ending', 'ending', 'ending']);
    const states = rig.model.instances(rig.clock.now()).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['terminated']));
  });

  it('ends all others when some ids are unknown, over several batches', async () => {
    const rig = make();
    const ids = idsOf((await launched(rig, 230)).instances);
    const asked = [...ids.slice(0, 50), UNKNOWN, ...ids.slice(50), 'i-0000000000000beef'];
    const ends = await rig.instances.terminate([...asked, UNKNOWN]);
    expect([...ends.keys()].sort()).toEqual([...asked].sort());
    expect(asked.filter((id) => ends.get(id) === 'unseen').sort()).toEqual(
      ['i-0000000000000beef', UNKNOWN].sort(),
    );
    expect(ids.every((id) => ends.get(id) === 'ending')).toBe(true);
  });

  it('asks nothing of EC2 for an empty list', async () => {
    const rig = make();
    expect([...(await rig.instances.terminate([]))]).toEqual([]);
    expect(rig.model.calls().get('TerminateInstances')).toBeUndefined();
  });

  it('does not call a young instance ended that EC2 does not know yet', async () => {
    const rig = make({ knobs: { unseenMs: { minMs: 5_000, maxMs: 5_000 } } });
    const [id = ''] = idsOf((await launched(rig, 1)).instances);
    expect([...(await rig.instances.terminate([id]))]).toEqual([[id, 'unseen']]);
    expect(rig.model.instance(id)?.state).not.toBe('shutting-down');
  });

  it.each([
    ['before', 'busy', 'pending'],
    ['after', 'unsure', 'shutting-down'],
  ] as const)('gives each id the fault of a call that failed %s it was made', async (when, kind, state) => {
    const rig = make();
    const ids = idsOf((await launched(rig, 2)).instances);
    rig.spoil('terminate', when);
    const ends = await rig.instances.terminate(ids);
    expect([...ends.keys()].sort()).toEqual(ids);
    for (const end of ends.values()) expect((end as Fault).kind).toBe(kind);
    for (const id of ids) expect(rig.model.instance(id)?.state).toBe(state);
  });
}

function itClosesMetadata(make: Make): void {
  it('starts to close the metadata endpoint, tells when it is closed, and may be asked again', async () => {
    const rig = make();
    const [id = ''] = idsOf((await launched(rig, 1)).instances);
    rig.clock.advance(6_000);
    expect(value(await rig.instances.metadataState(id))).toBe('pending');
    expect(value(await rig.instances.disableMetadata(id))).toBe('pending');
    expect(value(await rig.instances.disableMetadata(id))).toBe('pending');
    expect(rig.model.isMetadataReachable(id, rig.clock.now())).toBe(true);
    rig.clock.advance(2_000);
    expect(rig.model.isMetadataReachable(id, rig.clock.now())).toBe(false);
    expect(value(await rig.instances.metadataState(id))).toBe('applied');
    expect(value(await rig.instances.disableMetadata(id))).toBe('applied');
  });

  it('calls an instance unseen that EC2 does not know', async () => {
    const rig = make();
    expect(value(await rig.instances.disableMetadata(UNKNOWN))).toBe('unseen');
    expect(value(await rig.instances.metadataState(UNKNOWN))).toBe('unseen');
  });

  it('refuses to close the endpoint of an instance that has ended', async () => {
    const rig = make();
    const ids = idsOf((await launched(rig, 1)).instances);
    await rig.instances.terminate(ids);
    rig.clock.advance(60_000);
    expect(await rig.instances.disableMetadata(ids[0] ?? '')).toMatchObject({
      ok: false,
      fault: { kind: 'refused' },
    });
  });

  it('calls a change unsure when its answer was lost, and a look at it busy', async () => {
    const rig = make();
    const [id = ''] = idsOf((await launched(rig, 1)).instances);
    rig.clock.advance(6_000);
    rig.spoil('disableMetadata', 'after');
    expect(await rig.instances.disableMetadata(id)).toMatchObject({ ok: false, fault: { kind: 'unsure' } });
    rig.spoil('metadataState', 'after');
    expect(await rig.instances.metadataState(id)).toMatchObject({ ok: false, fault: { kind: 'busy' } });
    rig.clock.advance(2_000);
    expect(value(await rig.instances.metadataState(id))).toBe('applied');
  });
}
