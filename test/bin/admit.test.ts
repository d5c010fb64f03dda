import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { runMayfly } from '../../bin/commands/run.ts';
import { seededDraw } from '../../local/github/draw.ts';
import { createGitHubModel } from '../../local/github/model.ts';
import { T0 } from '../core/fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'mayfly-admit-'));
afterAll(() => rmSync(folder, { recursive: true }));
const POLICY = 'docs/policies/build-and-deploy.yaml';

function fileOf(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

/** The webhook and the REST answer of one job, as the model of GitHub gives them. */
function recorded(labels: readonly string[], wish: { event?: string; headRepository?: string | null } = {}) {
  const github = createGitHubModel({ draw: seededDraw('admit') });
  github.addOrganization('acme');
  github.addRepository({ fullName: 'acme/shop' }, T0);
  const { id } = github.addInstallation({ account: 'acme' });
  const jobs = [{ name: 'job', labels: [...labels] }];
  const run = github.createRun({ event: 'push', ...wish, repository: 'acme/shop', actor: 'ann', jobs }, T0);
  const [delivery] = github.takeDeliveries(T0 + 60_000);
  if (delivery === undefined) throw new Error('want a webhook');
  const caller = { kind: 'installation', id } as const;
  const path = `/repos/acme/shop/actions/runs/${run.runId}`;
  const answer = github.request({ method: 'GET', path, caller }, T0 + 60_000);
  return { event: fileOf('event.json', github.signed(delivery).body), run: fileOf('run.json', answer.body) };
}

async function mayfly(line: string) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runMayfly(line.split(' '), {
    print: (text) => void out.push(text),
    note: (text) => void err.push(text),
    signal: new AbortController().signal,
    progress: () => undefined,
    sleep: async () => undefined,
    open: () => Promise.reject(new Error('want no stack')),
  });
  return { code, out: out.join(''), err: err.join('') };
}

const PINNED = {
  permissions: { actor: 'write', triggeringActor: 'write' },
  lockedActions: null,
  workflow: { isExact: true, blob: 'b'.repeat(40), file: { actions: [], permissions: [] }, why: null },
};

describe('mayfly admit', () => {
  it('tells that a job is allowed, and every rule that says so', async () => {
    const { event, run } = recorded(['self-hosted', 'linux', 'build']);
    const facts = fileOf('facts.json', PINNED);
    const { code, out } = await mayfly(
      `admit --event ${event} --run ${run} --facts ${facts} --config ${POLICY}`,
    );
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
"allow
pool build
  ok   owner              acme is on the allow-list
  ok   public             the repository is private
  ok   fork               the code is the repository’s own
  ok   visibilities       the repository is private
  ok   events             the event is push
  ok   actors             whoever started the run has read, or is a named bot
  ok   reusable           0 called workflows are admitted
  ok   actionsPinned      0 uses are pinned
  ok   permissionsMax     0 jobs name their permissions, none above the ceiling
"
`);
  });

  it('tells that a fork is denied, before anything else is known', async () => {
    const { event, run } = recorded(['build'], { event: 'pull_request', headRepository: null });
    const { code, out } = await mayfly(`admit --event ${event} --run ${run} --config ${POLICY}`);
    expect(code).toBe(1);
    expect(out).toContain(
      'deny: the run comes from a fork and the pool does not admit forks (run-from-fork)',
    );
  });

  it('holds what no file tells, and names the facts that are needed', async () => {
    const { event, run } = recorded(['deploy']);
    const { code, out } = await mayfly(`admit --event ${event} --run ${run} --config ${POLICY} --json`);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      verdict: 'deny',
      pool: 'deploy',
      factsNeeded: expect.arrayContaining(['checks', 'protection']),
    });
    const { out: build } = await mayfly(`admit --event ${event} --run ${run} --config mayfly.yaml`);
    expect(build).toContain('ignore: no pool serves these labels (label-unknown)');
    const wanted = recorded(['build']);
    const held = await mayfly(`admit --event ${wanted.event} --config ${POLICY}`);
    expect(held.out).toContain(
      'hold: a fact needed for admission could not be fetched; asking again (fact-unreachable)',
    );
  });

  it.each([
    ['admit', 'want --event FILE, got none'],
    ['admit --event nowhere.json', '--event: want a file that can be read, got nowhere.json'],
    ['admit --event README.md', '--event: want JSON, got another text in README.md'],
    ['admit --event package.json', '--event: want a workflow_job webhook, got another body'],
    ['admit --event package.json --run package.json', '--run: want a run as GitHub'],
    [
      'admit --event package.json --facts package.json',
      '--facts: want facts as docs/contracts.md names them',
    ],
    ['admit --event package.json --config package.json', 'wanted'],
    [
      'admit --event package.json --at yesterday',
      '--at: want a time such as 2026-11-02T12:00:00Z, got "yesterday"',
    ],
    ['admit --evnt x', 'mayfly admit --help lists them'],
  ])('refuses "%s" in a sentence', async (line, sentence) => {
    const { code, out, err } = await mayfly(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(sentence);
  });

  it('has a help with examples', async () => {
    const { code, out } = await mayfly('admit --help');
    expect(code).toBe(0);
    expect(out).toContain('Examples:');
  });
});
