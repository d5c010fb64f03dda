import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FAULT_KINDS } from './fault-kinds.ts';
import { minimise } from './minimise.ts';
import { readCommand, UsageError } from './options.ts';
import { drawScenario } from './scenario.ts';
import { simulate } from './simulate.ts';

const MAIN = join(import.meta.dirname, 'main.ts');

const sim = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { encoding: 'utf8' });

/** In processes of their own: jest's loader makes the same runs three times as slow. */
describe('npm run sim', () => {
  it('holds every rule in 50 seeds, catches the planted bug, and says so in the promised shape', () => {
    const { status, stdout, stderr } = sim('campaign', '--seeds', '50', '--json');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const said = JSON.parse(stdout);
    expect(Object.keys(said)).toEqual([
      'seeds',
      'simulatedHours',
      'jobs',
      'runners',
      'eventsPerSecond',
      'faults',
      'sometimes',
      'violations',
      'wallSeconds',
    ]);
    expect(said).toMatchObject({ seeds: 50, violations: 0 });
    expect(said.simulatedHours).toBeGreaterThanOrEqual(150);
    expect(said.faults['crash-after']['claim/ledger.write']).toBeGreaterThan(0);
    expect(said.sometimes['claim fenced off']).toBeGreaterThan(0);
  });

  it('catches each planted bug within 1,000 seeds, more than 15 of them', () => {
    const { status, stdout } = sim('mutants', '--json');
    const caught: Record<string, number | null> = JSON.parse(stdout);
    expect(Object.entries(caught).filter(([, seeds]) => seeds === null)).toEqual([]);
    expect(Object.keys(caught).length).toBeGreaterThan(15);
    expect(status).toBe(0);
  });

  it('tells one seed the same way in two processes, to the last event', () => {
    const [first, second] = [sim('replay', '7'), sim('replay', '7')];
    expect(first.status).toBe(0);
    expect(first.stdout).toBe(second.stdout);
    expect(first.stdout).toMatch(/every rule held\n$/);
    expect(sim('replay', '8').stdout).not.toBe(first.stdout);
  });

  it('tells the fewest faults of a planted bug, and a command that tells the same again', () => {
    const { status, stdout } = sim('why', '1', '--mutant', 'ack-all');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^AckMeansSettled {3}seed 1, minimised in/);
    const [, command = ''] = /^replay: npm run sim -- (.*)$/m.exec(stdout) ?? [];
    const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    const again = sim(...args);
    expect(again.status).toBe(1);
    expect(stdout).toContain(again.stdout);
    expect(again.stdout).toMatch(/^\*\*\* AckMeansSettled/m);
  });

  it.each([
    [
      ['campain'],
      'want one of the commands campaign, replay, why, exhaust, mutants, got "campain" (--help lists them)',
    ],
    [[], 'want one of the commands campaign, replay, why, exhaust, mutants, got none (--help lists them)'],
    [['campaign', '--seeds', '0'], '--seeds: want a whole number from 1 to 10000000, got "0"'],
    [['campaign', '--for', '60'], '--for: want a time from 1s to 24h, as in 60s, 10m or 6h, got "60"'],
    [['replay'], 'replay: want a seed, as in "replay 17", got nothing'],
    [['replay', '1', '2'], 'replay: want nothing after it but options, got "2"'],
    [['exhaust', '--only', 'a'], 'exhaust: takes --jobs, --from, --json, got --only'],
    [['campaign', '--sedes', '1'], "Unknown option '--sedes' (--help lists what there is)"],
  ])('says in a sentence what is wrong with %j', (args, sentence) => {
    expect(() => readCommand(args)).toThrow(new UsageError(sentence));
  });

  it('ends with code 2 and one line on a wrong argument, and with 0 when asked for help', () => {
    const { status, stderr } = sim('replay', '1', '--mutant', 'none');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^--mutant: want one of .*, got "none"\n$/);
    expect(sim('--help')).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('one world', () => {
  it('is the same twice, trace and faults, and another one under another seed', async () => {
    const [first, second, other] = [
      await simulate({ seed: 3 }),
      await simulate({ seed: 3 }),
      await simulate({ seed: 4 }),
    ];
    expect(second).toEqual(first);
    expect(other.trace).not.toBe(first.trace);
  });

  it('lets the same faults strike when they are named, and none when none are', async () => {
    const whole = await simulate({ seed: 5 });
    expect(whole.fired.length).toBeGreaterThan(0);
    const same = await simulate({ seed: 5, only: new Set(whole.fired.map(({ id }) => id)) });
    expect(same.trace).toBe(whole.trace);
    const none = await simulate({ seed: 5, only: new Set() });
    expect(none.fired.filter(({ kind }) => kind !== 'suspended')).toEqual([]);
  });

  it('lasts three hours and more, and 500 seeds aim at every cell of the fault matrix', () => {
    const scenarios = Array.from({ length: 500 }, (_, n) => drawScenario(n + 1));
    expect(Math.min(...scenarios.map(({ safetyMs, calmMs }) => safetyMs + calmMs))).toBeGreaterThanOrEqual(
      3 * 3_600_000,
    );
    const cells = Object.entries(FAULT_KINDS).flatMap(([kind, { sites }]) =>
      sites.map((site) => `${kind}@${site}`),
    );
    const aimed = new Set(scenarios.flatMap(({ aims }) => aims));
    expect(cells.filter((cell) => !aimed.has(cell))).toEqual([]);
  });
});

describe('minimising', () => {
  it('answers nothing where every rule holds', async () => {
    expect(await minimise({ seed: 2, jobs: 1, only: new Set() })).toBeUndefined();
  });
});
