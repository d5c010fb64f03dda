import { describe, expect, it } from '@jest/globals';
import type { AdmissionRules } from '../../lambdas/contracts/admission.ts';
import { createStage, type Stage } from './stage.ts';

const SHA = 'a5ac7e51b41094c92402da3b24376905380afc29';
const MINUTE = 60_000;

const stageWith = (rules: AdmissionRules, mode: 'enforce' | 'observe' = 'enforce'): Stage =>
  createStage({ pool: { admission: { publicRepositories: false, forks: false, mode, rules } } });

const machines = ({ ec2, clock }: Stage): number => ec2.instances(clock.now()).length;
/** Calls to GitHub but those for tokens and registrations. */
const lookUps = ({ github }: Stage): number =>
  [...github.truth.calls()].reduce(
    (sum, [route, count]) => (route.startsWith('GET ') ? sum + count : sum),
    0,
  );
const isGreen = (conclusion: string | null) => ({
  checks: { [SHA]: [{ name: 'build', appId: 15_368, conclusion }] },
});
const CHECKS = { checks: [{ name: 'build', appId: '15368' }] };
const WITH_SHA = { headSha: SHA };

describe('admission by the rules of a pool', () => {
  it('launches nothing for a job that a rule denies, and writes down which and why', async () => {
    const stage = stageWith({ events: ['schedule'] });
    stage.queue();
    await stage.dispatch(stage.messages());
    expect(machines(stage)).toBe(0);
    const [job] = stage.items('job');
    expect(job).toMatchObject({ outcome: 'denied', intent: { reason: 'admission-event', due: null } });
    expect(job?.timeline.entries.at(-1)?.why).toBe('want the event schedule, got push');
  });

  it('asks for no further fact where those at hand already deny', async () => {
    const stage = stageWith({ events: ['schedule'], ...CHECKS, workflowUnchanged: true });
    stage.queue();
    await stage.dispatch(stage.messages());
    expect(lookUps(stage)).toBe(1);
    const foreign = createStage({ visibility: 'public' });
    foreign.queue();
    await foreign.dispatch(foreign.messages());
    expect(lookUps(foreign)).toBe(0);
  });

  it('asks once for a matrix of fifty, whatever its rules', async () => {
    const stage = stageWith({ ...CHECKS, actors: { permission: 'write', bots: [] }, workflows: ['**'] });
    stage.github.setContent('acme/app', { ...isGreen('success'), permissions: { ann: 'write' } });
    stage.queue(50, undefined, WITH_SHA);
    const messages = stage.messages();
    await stage.dispatch(messages.slice(0, 20));
    await stage.dispatch(messages.slice(20));
    expect(machines(stage)).toBe(50);
    // The run, the actor's permission, the checks.
    expect(lookUps(stage)).toBe(3);
  });

  it('holds a job while a check runs, and launches when it is green', async () => {
    const stage = stageWith(CHECKS);
    stage.github.setContent('acme/app', isGreen(null));
    stage.queue(1, undefined, WITH_SHA);
    await stage.dispatch(stage.messages());
    expect(stage.items('job')).toMatchObject([
      { intent: { step: 'held', reason: 'admission-checks-pending' } },
    ]);
    stage.github.setContent('acme/app', isGreen('success'));
    await stage.pass(3 * MINUTE);
    await stage.sweep();
    expect(machines(stage)).toBe(1);
  });

  it('denies when the check turns red meanwhile', async () => {
    const stage = stageWith(CHECKS);
    stage.github.setContent('acme/app', isGreen(null));
    stage.queue(1, undefined, WITH_SHA);
    await stage.dispatch(stage.messages());
    stage.github.setContent('acme/app', isGreen('failure'));
    await stage.pass(3 * MINUTE);
    await stage.sweep();
    expect(machines(stage)).toBe(0);
    expect(stage.items('job')).toMatchObject([{ outcome: 'denied', intent: { reason: 'admission-checks' } }]);
  });

  it('holds what needs a fact that cannot be had, and never launches for want of it', async () => {
    const stage = stageWith(CHECKS);
    stage.github.setContent('acme/app', isGreen('success'));
    stage.spoil('github.facts', {
      when: 'before',
      fault: { kind: 'busy', code: 'http-502', retryAfterMs: 1 },
    });
    stage.queue(1, undefined, WITH_SHA);
    await stage.dispatch(stage.messages());
    expect(machines(stage)).toBe(0);
    expect(stage.items('job')).toMatchObject([{ intent: { step: 'held', reason: 'fact-unreachable' } }]);
    await stage.pass(MINUTE);
    await stage.sweep();
    expect(machines(stage)).toBe(1);
  });

  it('in a pool that observes, launches and tells what its rules would have done', async () => {
    const stage = stageWith({ events: ['schedule'] }, 'observe');
    stage.queue();
    await stage.dispatch(stage.messages());
    expect(machines(stage)).toBe(1);
    expect(stage.counts.filter(({ metric }) => metric === 'AdmissionObserved')).toHaveLength(1);
    expect(stage.said.join()).toContain('events: want the event schedule, got push');
  });

  it('knows the environment of a job from its webhook, and asks how it is guarded', async () => {
    const stage = stageWith({
      environments: { names: ['production'], reviewersMin: 1, branchPolicy: false },
    });
    stage.github.setContent('acme/app', { environments: { production: { reviewers: 1 } } });
    const jobs = [{ name: 'ship', labels: ['self-hosted', 'linux', 'x64'], environment: 'production' }];
    const run = stage.github.createRun(
      { repository: 'acme/app', event: 'push', actor: 'ann', jobs },
      stage.clock.now(),
    );
    await stage.dispatch(stage.messages());
    expect(machines(stage)).toBe(0);
    stage.github.approveJob(run.jobs[0]?.jobId ?? '', stage.clock.now());
    stage.queue();
    await stage.dispatch(stage.messages());
    expect(machines(stage)).toBe(1);
    expect(
      stage
        .items('job')
        .map(({ intent }) => intent.reason)
        .sort(),
    ).toEqual(['admission-environment', 'launch-requested']);
  });
});
