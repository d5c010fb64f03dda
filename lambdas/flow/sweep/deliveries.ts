import type { HookItem } from '../../contracts/ledger-sweep.ts';
import { SCHEMA_VERSION } from '../../contracts/text.ts';
import {
  dueOf,
  freshWalk,
  isGivenUp,
  type Known,
  noted,
  settle,
  tried,
  walked,
} from '../../core/redelivery.ts';
import type { World } from '../world.ts';
import type { Pass } from './pass.ts';

const fresh = (): HookItem => ({
  v: SCHEMA_VERSION,
  rev: 0,
  kind: 'hook',
  name: 'deliveries',
  failed: freshWalk(),
  all: freshWalk(),
  settled: [],
  open: [],
});

/**
 * Webhooks that did not reach us: GitHub never sends one again by itself. Failed ones are listed each second pass; the
 * passes between read all, since a failed connection shows in no filter. State is written once, at the end: a pass that
 * dies asks for the same deliveries again, which does no harm.
 */
export async function sweepDeliveries(pass: Pass, world: World): Promise<void> {
  const read = await world.ledger.read('hook', 'deliveries');
  if (!read.ok) return;
  let hook = read.value ?? fresh();
  const onlyFailed = pass.round('deliveries') % 2 === 0;
  if (pass.take(['deliveries'])) {
    hook = await walkOn(hook, onlyFailed, world);
    pass.turn('deliveries', (pass.round('deliveries') + 1) % 2);
  }
  hook = await askAgain(hook, pass, world);
  if (hook !== read.value) await world.ledger.write(hook);
}

async function walkOn(hook: HookItem, onlyFailed: boolean, world: World): Promise<HookItem> {
  const name = onlyFailed ? 'failed' : 'all';
  const page = await world.github.deliveries({ cursor: hook[name].next, onlyFailed });
  const now = world.clock.now();
  if (!page.ok) {
    world.journal.warn('deliveries-unread', { code: page.fault.code });
    // A cursor that GitHub refuses is forgotten; the walk begins anew at the newest.
    return page.fault.kind === 'refused'
      ? { ...hook, [name]: { ...hook[name], next: null, top: null, pages: 0 } }
      : hook;
  }
  const { walk, skipped } = walked(hook[name], page.value, now);
  if (skipped) world.journal.warn('deliveries-skipped', { list: name });
  const { open, settled } = noted(hook, page.value, { upTo: hook[name].upTo, now });
  return { ...hook, [name]: walk, open: [...open], settled: [...settled] };
}

async function askAgain(hook: HookItem, pass: Pass, world: World): Promise<HookItem> {
  let known: Known = hook;
  for (const one of dueOf(hook.open, world.clock.now())) {
    if (isGivenUp(one)) {
      world.journal.warn('webhook-given-up', { delivery: one.guid, tries: one.tries });
      world.journal.count('WebhookGivenUp');
      known = settle(known, [one.guid]);
      continue;
    }
    if (!pass.take(['deliveries'])) break;
    const answer = await world.github.redeliver(one.deliveryId);
    if (!answer.ok) break;
    world.journal.count('WebhookRedelivered');
    const next = tried(one, answer.value, world.clock.now());
    if (next === undefined) known = settle(known, [one.guid]);
    else known = { ...known, open: known.open.map((old) => (old.guid === one.guid ? next : old)) };
  }
  return known === hook ? hook : { ...hook, open: [...known.open], settled: [...known.settled] };
}
