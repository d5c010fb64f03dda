import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createGitHubSend } from '../../lambdas/adapters/github-request.ts';
import { createGitHubRest } from '../../lambdas/adapters/github-rest.ts';
import type { GitHub } from '../../lambdas/ports/github.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import { createFixedClock } from '../../local/memory/fixed-clock.ts';
import { mintRequest } from '../contract/github-world.ts';
import { NOON } from '../contract/items.ts';
import '../contract/one-realm.ts';

const TOKEN = 'ghs_CANARYcanaryCANARYcanaryCANARYcanary';
const JIT = 'CANARYjitCANARYjitCANARYjit';
const ORGANIZATION = { installationId: '77', owner: 'acme', repository: null };

const base64 = (text: string) => Buffer.from(text).toString('base64');
const blob = (files: object) => base64(JSON.stringify(files));
const FILES = { '.runner': base64(JIT), '.credentials': base64(JIT), '.credentials_rsaparams': base64(JIT) };

const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  });

/** GitHub by the adapter, over a fetch that gives these answers in turn and records what was asked. */
function githubOver(...answers: (Response | Error)[]) {
  const asked: { readonly url: string; readonly init: RequestInit }[] = [];
  const clock = createFixedClock(NOON);
  const send = createGitHubSend({
    clock,
    fetch: async (url, init = {}) => {
      asked.push({ url: String(url), init });
      const answer = answers.shift() ?? json(500, 'no more answers');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const fresh: boolean[] = [];
  const github = createGitHubRest({
    app: async () => done({ appId: '1', apiUrl: 'https://ghe.example/api/v3', keySlot: 'a' }),
    tokens: async (_narrowing, { fresh: isFresh = false } = {}) => {
      fresh.push(isFresh);
      return done(TOKEN);
    },
    jwt: async () => done('a JWT'),
    send,
  });
  return { github, asked, fresh };
}

const mint = (github: GitHub) => github.mint(mintRequest(ORGANIZATION, 'runner-1'));

describe('what goes to GitHub', () => {
  it('is asked at the address of the App, by the template, with the token in the header alone', async () => {
    const { github, asked } = githubOver(json(201, { runner: { id: 7 }, encoded_jit_config: blob(FILES) }));
    await mint(github);
    const [{ url, init } = { url: '', init: {} as RequestInit }] = asked;
    expect(url).toBe('https://ghe.example/api/v3/orgs/acme/actions/runners/generate-jitconfig');
    expect(new Headers(init.headers).get('authorization')).toBe(`token ${TOKEN}`);
    expect(JSON.parse(String(init.body))).toEqual({
      name: 'runner-1',
      labels: ['self-hosted', 'linux', 'x64'],
      runner_group_id: 1,
    });
  });

  it('keeps names inside their part of the path', async () => {
    const { github, asked } = githubOver(json(404, {}));
    await github.job(ORGANIZATION, 'acme/app?a=b#c', '4/2');
    expect(asked[0]?.url).toBe('https://ghe.example/api/v3/repos/acme/app%3Fa%3Db%23c/actions/jobs/4%2F2');
  });

  it.each(['../..', 'acme', 'acme/..', './app', 'acme/app/..', ''])(
    'is nothing at all when the repository is called %j',
    async (fullName) => {
      const { github, asked } = githubOver();
      await expect(github.job(ORGANIZATION, fullName, '42')).rejects.toThrow(/want owner\/name/);
      expect(asked).toEqual([]);
    },
  );

  it('follows redirects of reads and never of writes, which would become reads', async () => {
    const { github, asked } = githubOver(json(307, ''), json(200, { status: 'queued' }));
    expect(await mint(github)).toEqual({ ok: false, fault: { kind: 'refused', code: 'moved' } });
    await github.job(ORGANIZATION, 'acme/app', '42');
    expect(asked.map(({ init }) => init.redirect)).toEqual(['manual', 'follow']);
  });

  it('is tried once more with a fresh token when the token is refused, and only once', async () => {
    const { github, fresh } = githubOver(json(401, {}), json(401, {}));
    expect(await mint(github)).toMatchObject({ ok: false, fault: { kind: 'busy', code: 'http-401' } });
    expect(fresh).toEqual([false, true]);
  });

  it('carries a time limit', async () => {
    const { github, asked } = githubOver(json(500, {}));
    await mint(github);
    expect(asked[0]?.init.signal).toBeInstanceOf(AbortSignal);
  });
});

describe('what comes back from GitHub', () => {
  it('keeps an id that no number can hold exactly', async () => {
    const id = '9223372036854775807';
    const { github } = githubOver(
      json(200, `{"total_count":1,"runners":[{"id":${id},"name":"r","status":"online","busy":true}]}`),
    );
    expect(await github.findRunner(ORGANIZATION, 'r')).toMatchObject({ ok: true, value: { runnerId: id } });
  });

  it.each([
    ['a broken body', json(201, '{"runner":{"id":7},"encoded_jit')],
    ['another form', json(201, { runner: { id: 7 } })],
    [
      'a file too many',
      json(201, { runner: { id: 7 }, encoded_jit_config: blob({ ...FILES, '.x': 'eA==' }) }),
    ],
    ['a blob that is no JSON', json(201, { runner: { id: 7 }, encoded_jit_config: base64(JIT) })],
    ['another success', json(200, { runner: { id: 7 }, encoded_jit_config: blob(FILES) })],
  ])('makes a registration unsure that stands but cannot be used: %s', async (_what, answer) => {
    const { github } = githubOver(answer);
    expect(await mint(github)).toMatchObject({ ok: false, fault: { kind: 'unsure' } });
  });

  it.each([
    ['broken off', json(200, '{"status":"que'), 'busy'],
    ['of another form', json(200, { status: 'dreaming' }), 'refused'],
  ])('calls a look-up whose answer is %s %s', async (_what, answer, kind) => {
    const { github } = githubOver(answer);
    expect(await github.job(ORGANIZATION, 'acme/app', '42')).toMatchObject({ ok: false, fault: { kind } });
  });

  it('cuts foreign text to its bound, and turns controls into spaces, instead of refusing the run', async () => {
    const run = {
      id: 9000,
      run_attempt: 2,
      event: 'push',
      path: '.github/workflows/ci.yml',
      head_sha: 'a'.repeat(40),
      head_branch: `x\n${'b'.repeat(300)}`,
      repository: { id: 501 },
      head_repository: null,
      actor: { id: 5, login: 'octocat' },
      triggering_actor: null,
      status: null,
    };
    const { github } = githubOver(json(200, run));
    const outcome = await github.run(ORGANIZATION, 'acme/app', '9000');
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        runId: '9000',
        headBranch: `x ${'b'.repeat(253)}`,
        headRepositoryId: null,
        triggeringActor: null,
        referencedWorkflows: [],
        status: '',
      },
    });
  });

  it('does not call a list whole that is shorter than GitHub counts', async () => {
    const { github } = githubOver(
      json(200, { total_count: 2, runners: [{ id: 1, name: 'r', status: 'offline', busy: false }] }),
    );
    expect(await github.listRunners(ORGANIZATION)).toMatchObject({
      ok: false,
      fault: { kind: 'busy', code: 'list-changed' },
    });
  });

  it('gives up on a list of more than fifty pages', async () => {
    const page = (n: number) =>
      json(200, {
        total_count: 6_000,
        runners: Array.from({ length: 100 }, (_, i) => ({
          id: n * 100 + i + 1,
          name: `r${n}-${i}`,
          status: 'offline',
          busy: false,
        })),
      });
    const { github, asked } = githubOver(...Array.from({ length: 60 }, (_, n) => page(n)));
    expect(await github.listRunners(ORGANIZATION)).toEqual({
      ok: false,
      fault: { kind: 'refused', code: 'list-too-long' },
    });
    expect(asked).toHaveLength(50);
  });
});

describe('secrets on their way', () => {
  const printed: unknown[] = [];
  beforeEach(() => {
    printed.length = 0;
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      jest.spyOn(console, method).mockImplementation((...words) => void printed.push(...words));
    }
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const echo = { message: `${TOKEN} ${JIT}`, errors: [JIT], documentation_url: JIT };
  const cause = Object.assign(new Error(`socket of ${TOKEN}`), { code: 'ECONNRESET' });
  it.each([
    ['a server fault that repeats them', json(502, echo)],
    ['a refusal that repeats them', json(422, echo)],
    ['a rate limit that repeats them', json(403, echo, { 'retry-after': '1' })],
    ['a deprecation notice', json(404, echo, { deprecation: 'true', sunset: 'soon' })],
    [
      'a configuration of another form',
      json(201, { runner: { id: 7 }, encoded_jit_config: blob({ x: base64(JIT) }) }),
    ],
    ['a configuration that is no JSON', json(201, { runner: { id: 7 }, encoded_jit_config: base64(JIT) })],
    ['a socket that broke', new TypeError('fetch failed', { cause })],
    ['a time limit', Object.assign(new Error(TOKEN), { name: 'TimeoutError' })],
    ['a bug that holds the request', new Error(`cannot send ${TOKEN} ${JIT}`)],
  ])('are in no outcome, no error and no line of the console after %s', async (_what, answer) => {
    const { github } = githubOver(answer);
    const told = await mint(github).catch((error: unknown) => error);
    const text = `${inspect(told, { depth: 12, showHidden: true })} ${inspect(printed, { depth: 12 })}`;
    expect(text).not.toMatch(/CANARY/);
    expect(text).not.toContain(base64(JIT));
  });
});
