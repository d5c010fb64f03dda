import type { Fleet } from './birth.ts';
import { strikes, uuidOf } from './draws.ts';
import { answered, type Ec2Answer, ec2Error, refused } from './errors.ts';
import { type Launched, launchTarget } from './fleet-launch.ts';
import {
  instanceTags,
  isSameRequest,
  requestProblem,
  requestText,
  type Target,
  targetsOf,
} from './fleet-request.ts';
import type { CreateFleetInput, CreateFleetResult } from './fleet-types.ts';
import { candidatesOf } from './pools.ts';
import { type Call, call, type Ticket, type World } from './world.ts';

/**
 * CreateFleet, type instant. Errors per override come inside a success. The same client token with the same parameters
 * gives the first answer (or, by knob, one that names nothing); with other parameters IdempotentParameterMismatch.
 */
export function createFleet(world: World, input: CreateFleetInput, at: number): Ec2Answer<CreateFleetResult> {
  const door: Call = { action: 'CreateFleet', now: at, dryRun: input.DryRun };
  return call(world, door, (now) => {
    const problem = requestProblem(input);
    if (problem !== undefined) return refused(problem);
    const known = ticketOf(world, input, now);
    if (!known.ok) return known;
    const ticket = known.value;
    ticket.tries += 1;
    if (ticket.answer !== undefined) return answered(repeated(world, input, ticket.answer));
    const answer = launchFleet(world, { input, ticket, now });
    if (answer.ok && isRemembered(world, input, answer.value)) ticket.answer = answer.value;
    return answer;
  });
}

function ticketOf(world: World, input: CreateFleetInput, now: number): Ec2Answer<Ticket> {
  const token = input.ClientToken;
  const request = token === undefined ? '' : requestText(input);
  const known = token === undefined ? undefined : world.tickets.get(token);
  if (known !== undefined)
    return isSameRequest(known.request, request) ? answered(known) : refused(mismatch());
  const ticket: Ticket = { request, tries: 0, launched: 0, answer: undefined };
  if (token !== undefined) {
    world.tickets.set(token, ticket);
    world.housekeeping.add(now + world.knobs.clientTokenMs, () => world.tickets.delete(token));
  }
  return answered(ticket);
}

const mismatch = () =>
  ec2Error(
    'IdempotentParameterMismatch',
    'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
  );

function repeated(world: World, input: CreateFleetInput, first: CreateFleetResult): CreateFleetResult {
  const key = `forgetful-token/${input.ClientToken}`;
  const forgets = strikes(world.options.draw, key, world.knobs.forgetfulTokenShare);
  return forgets ? { FleetId: first.FleetId, Errors: [], Instances: [] } : first;
}

/** A launch that gave nothing may be asked again under its token, unless the knob says otherwise. */
function isRemembered(world: World, input: CreateFleetInput, answer: CreateFleetResult): boolean {
  if (input.ClientToken === undefined) return false;
  if (answer.Instances.length > 0) return true;
  return strikes(world.options.draw, `sticky-empty/${input.ClientToken}`, world.knobs.stickyEmptyShare);
}

type Request = { readonly input: CreateFleetInput; readonly ticket: Ticket; readonly now: number };

function launchFleet(world: World, { input, ticket, now }: Request): Ec2Answer<CreateFleetResult> {
  const candidates = candidatesOf(world, input);
  if (!candidates.ok) return candidates;
  const { draw } = world.options;
  const { knobs } = world;
  const name = input.ClientToken ?? `untold-${++world.fleets}`;
  const tryKey = `${name}/${ticket.tries}`;
  const fleet: Fleet = {
    fleetId: `fleet-${uuidOf(`fleet/${tryKey}`)}`,
    ticket: name,
    tags: instanceTags(input),
    now,
  };
  const launch = {
    fleet,
    candidates: candidates.value,
    firstIndex: ticket.launched,
    isThrottled: strikes(draw, `fleet-throttle/${tryKey}`, knobs.fleetThrottleShare),
  };
  const surplus = strikes(draw, `surplus/${name}`, knobs.surplusShare) ? 1 : 0;
  const launched: Launched = { instances: [], errors: [], count: 0 };
  for (const [index, target] of targetsOf(input).entries()) {
    const count = index === 0 ? target.count + surplus : target.count;
    const asked: Target = { ...target, count };
    launchTarget(world, { launch, target: asked, launched });
  }
  ticket.launched += launched.count;
  return answered({ FleetId: fleet.fleetId, Errors: launched.errors, Instances: launched.instances });
}
