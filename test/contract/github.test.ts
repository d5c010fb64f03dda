import { sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAppJwt, createAppTokens } from '../../lambdas/adapters/app-tokens.ts';
import { createGitHubSend } from '../../lambdas/adapters/github-request.ts';
import { createGitHubRest } from '../../lambdas/adapters/github-rest.ts';
import type { Sign } from '../../lambdas/adapters/kms-signer.ts';
import type { GitHub } from '../../lambdas/ports/github.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import { createGitHubHttp } from '../../local/github/http.ts';
import { createMemoryGitHub } from '../../local/memory/memory-github.ts';
import { createSeededDice } from '../../local/memory/seeded-dice.ts';
import type { Trouble } from '../../local/memory/trouble.ts';
import { githubContract } from './github-contract.ts';
import {
  APP_ID,
  APP_KEY,
  type GitHubRig,
  type GitHubWorld,
  githubWorld,
  mintRequest,
  runJob,
  type WorldOptions,
} from './github-world.ts';
import './one-realm.ts';

describe('GitHub in memory', () => {
  githubContract(async (options) => {
    const world = githubWorld(options);
    const planned = new Map<string, Trouble>();
    const trouble = (call: string) => {
      const found = planned.get(call);
      planned.delete(call);
      return found;
    };
    const github = createMemoryGitHub({ ...world, trouble });
    return {
      ...world,
      github,
      spoil: (call, when) => {
        const isWrite = call === 'mint' || call === 'deregister';
        const lost = { kind: 'unsure', code: 'lost' } as const;
        const busy = { kind: 'busy', code: 'lost', retryAfterMs: 1 } as const;
        planned.set(`github.${call}`, { when, fault: isWrite && when === 'after' ? lost : busy });
      },
      runningJob: (name) => runJob(world, github, name),
    };
  });
});

describe('GitHub over HTTP', () => {
  /** What the spoiled call looks like on the wire; tokens are never in the way. */
  const ROUTES: Readonly<Record<keyof GitHub, RegExp>> = {
    mint: /^POST .*generate-jitconfig/,
    deregister: /^DELETE /,
    findRunner: /^GET .*actions\/runners\?/,
    listRunners: /^GET .*actions\/runners\?/,
    run: /^GET .*actions\/runs\/[^/]*$/,
    job: /^GET .*actions\/jobs\//,
    runJobs: /^GET .*actions\/runs\/[^?]*\/jobs/,
    cancelRun: /^POST .*cancel$/,
    openRuns: /^GET .*actions\/runs\?/,
    repositories: /^GET .*installation\/repositories/,
    installations: /^GET .*app\/installations\?/,
    installationOf: /^GET .*\/installation$/,
    deliveries: /^GET .*hook\/deliveries/,
    redeliver: /^POST .*attempts/,
    facts: /^GET .*(contents|branches|collaborators|environments|check-runs)/,
  };
  let world: GitHubWorld;
  let server: Server;
  let url = '';
  let spoiled: { readonly route: RegExp; readonly when: 'before' | 'after' } | undefined;
  const seen: { readonly line: string; readonly authorization: string }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const line = `${request.method} ${request.url}`;
      seen.push({ line, authorization: request.headers.authorization ?? '' });
      const spoil = spoiled?.route.test(line) === true ? spoiled.when : undefined;
      if (spoil !== undefined) spoiled = undefined;
      if (spoil === 'before') {
        response.writeHead(429, { 'retry-after': '7' }).end();
        return;
      }
      // The call happens; its answer is cut off where it would begin.
      if (spoil === 'after') response.writeHead = () => response.destroy();
      createGitHubHttp({ model: world.model, now: world.clock.now }).listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const signer: Sign = async (_slot, text) => done(sign('sha256', Buffer.from(text), APP_KEY.privateKey));

  const make = async (options?: WorldOptions): Promise<GitHubRig> => {
    world = githubWorld(options);
    seen.length = 0;
    const { clock } = world;
    const app = async () => done({ appId: String(APP_ID), apiUrl: url, keySlot: 'a' } as const);
    const send = createGitHubSend({ clock });
    const dice = createSeededDice('github');
    const parts = { app, sign: signer, send, clock, dice };
    const jwt = createAppJwt(parts);
    const github = createGitHubRest({ app, tokens: createAppTokens(parts), jwt, send });
    const here = world;
    return {
      ...here,
      github,
      spoil: (call, when) => {
        spoiled = { route: ROUTES[call], when };
      },
      runningJob: (name) => runJob(here, github, name),
    };
  };
  githubContract(make);

  it('asks for one token per kind of work and scope, and keeps it until five minutes before its end', async () => {
    const rig = await make();
    const tokensAsked = () => seen.filter(({ line }) => line.includes('access_tokens')).length;
    for (const name of ['a', 'b', 'c']) await rig.github.findRunner(rig.organization, name);
    expect(tokensAsked()).toBe(1);
    await rig.github.findRunner(rig.repository, 'a');
    await rig.github.run(rig.organization, 'acme/app', '1');
    await rig.github.job(rig.repository, 'acme/app', '1');
    expect(tokensAsked()).toBe(3);
    rig.clock.advance(54 * 60_000);
    await rig.github.findRunner(rig.organization, 'a');
    expect(tokensAsked()).toBe(3);
    rig.clock.advance(2 * 60_000);
    await rig.github.findRunner(rig.organization, 'a');
    expect(tokensAsked()).toBe(4);
  });

  it('shares one request for a token among calls that meet', async () => {
    const rig = await make();
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => rig.github.findRunner(rig.organization, name)));
    expect(seen.filter(({ line }) => line.includes('access_tokens'))).toHaveLength(1);
  });

  it('asks for nothing twice when a registration fails: what was sent once is sent once', async () => {
    const rig = await make();
    rig.spoil('mint', 'after');
    await rig.github.mint(mintRequest(rig.organization, 'runner-1'));
    expect(seen.filter(({ line }) => ROUTES.mint.test(line))).toHaveLength(1);
  });

  it('waits five seconds for a fresh token that GitHub does not know yet, and uses it then', async () => {
    const rig = await make({ faults: { tokenUnusableMs: 4_000 } });
    const early = await rig.github.findRunner(rig.organization, 'a');
    expect(early).toEqual({ ok: false, fault: { kind: 'busy', code: 'http-401', retryAfterMs: 5_000 } });
    rig.clock.advance(5_000);
    expect(await rig.github.findRunner(rig.organization, 'a')).toEqual({ ok: true, value: undefined });
  });

  it('refuses when the installation is gone', async () => {
    const rig = await make();
    rig.model.removeInstallation(Number(rig.organization.installationId));
    const outcome = await rig.github.findRunner(rig.organization, 'a');
    expect(outcome).toEqual({ ok: false, fault: { kind: 'refused', code: 'token-not-found' } });
  });
});
