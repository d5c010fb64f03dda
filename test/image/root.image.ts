/**
 * Goal: a job finds no credential on its machine and no way to change it, and the machine ends with the job. Method: a
 * Debian 12 root, made by the real provisioning, boots its own systemd; the real agent claims, the stand-in for the
 * runner runs a job whose steps are the probes. A step that fails fails its job, and so the test.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CANARY, CLAIM_HOST, type Level, TOKEN } from './outside-words.ts';
import { bash, run } from './shell.ts';
import { type BootedMachine, bareRoot, bootMachine, type Kit, kitArgs, makeKit, provision } from './world.ts';

/** Matches the canary, and not the words of the search itself. */
const hidden = (secret: string): string =>
  `${secret.slice(0, 6)}[${secret.slice(6, 7)}]${secret.slice(7, 30)}`;
/**
 * Where a job could look. `-D skip`: a pipe would be waited for. The one file that is left out is the Listener's own key
 * while it runs: its job is the same user, by GitHub's design (docs/security.md, 20b).
 */
const PLACES = '/home /tmp /etc /opt /run /var /usr/lib/mayfly /dev/shm';
const search = (secret: string): string =>
  `! grep -rqsI -D skip --exclude=.credentials_rsaparams -e '${hidden(secret)}' ${PLACES} &&
   ! cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | grep -qa -e '${hidden(secret)}'`;
const METADATA = ['169.254.169.254', 'fd00:ec2::254'];
const unreachable = (host: string): string => `! timeout 2 bash -c 'exec 3<>/dev/tcp/${host}/80' 2>/dev/null`;

/** What the runner user tries in its job, on every level. */
const AS_RUNNER = [
  { name: 'is the runner user', run: 'test "$(id -un)" = runner' },
  ...METADATA.map((host) => ({ name: `does not reach ${host}`, run: unreachable(host) })),
  { name: 'finds the registration nowhere but in the file of its Listener', run: search(CANARY) },
  { name: 'finds no report token', run: search(TOKEN) },
  { name: 'has no cloud credential', run: '! env | grep -E "^AWS_" && ! test -e ~/.aws' },
  {
    name: 'may not change hooks, programs or settings',
    run: `for path in /usr/lib/mayfly/hooks/job-started.sh /usr/lib/mayfly/agent.mjs /opt/runner/bin/Runner.Listener \
      /etc/mayfly/agent.json /etc/systemd/system/mayfly-agent.service; do
        test -e "$path" && ! test -w "$path" && ! mv "$path" "$path.old" 2>/dev/null || exit 1
      done`,
  },
  { name: 'sees no process of another user', run: '! ls -d /proc/1 2>/dev/null' },
  { name: 'finds no door', run: '! command -v sshd && ! command -v amazon-ssm-agent' },
];

/** What differs between the levels, from the job's side. */
const OF_LEVEL: Readonly<Record<Level, readonly { name: string; run: string }[]>> = {
  compatible: [
    { name: 'has sudo', run: 'sudo -n true' },
    {
      name: 'has its metadata endpoint disabled, as the claim waits for',
      run: `curl -sSf -X POST https://${CLAIM_HOST}/disable-metadata`,
    },
    { name: 'may flush the rules, as root', run: 'sudo -n nft flush ruleset' },
    ...METADATA.map((host) => ({
      name: `does not reach ${host} as root, rules or no rules`,
      run: `sudo -n bash -c "${unreachable(host)}"`,
    })),
  ],
  standard: [{ name: 'has no sudo', run: '! sudo -n true 2>/dev/null' }],
  strict: [
    { name: 'has no sudo', run: '! sudo -n true 2>/dev/null' },
    // Its own by owner, and read-only all the same.
    {
      name: 'may write to no folder of the root',
      run: '! touch /opt/hostedtoolcache/x 2>/dev/null && touch here',
    },
  ],
};

let kit: Kit;
let machine: BootedMachine | undefined;
beforeAll(async () => {
  kit = await makeKit();
});
afterEach(async () => {
  await machine?.remove();
  machine = undefined;
});
afterAll(() => rm(kit.folder, { recursive: true, force: true }));

describe.each<Level>(['compatible', 'standard', 'strict'])('a machine of the %s level', (level) => {
  let root = '';
  beforeAll(async () => {
    root = await bareRoot(kit, level);
    const end = await provision(root, '--level', level, ...kitArgs);
    if (end.code !== 0) throw new Error(`${end.out}\n${end.err}`);
  });

  it('shows its job no credential and no way out, and powers off after it', async () => {
    machine = await bootMachine({ kit, root, level, steps: [...AS_RUNNER, ...OF_LEVEL[level]] });
    const { body } = await machine.hears(/jobs\/42\/finish/, 90_000);
    const steps = body?.['steps'] as readonly { readonly name: string; readonly conclusion: string }[];
    expect(steps.filter(({ conclusion }) => conclusion !== 'success')).toEqual([]);
    expect(body).toMatchObject({ conclusion: 'success' });
    // The lock was proved before the first step, and the agent read metadata before the lock.
    expect(
      machine
        .heard()
        .filter(({ metadata }) => metadata === true)
        .map(({ act }) => act),
    ).toEqual([
      'PUT /latest/api/token',
      'GET /latest/dynamic/instance-identity/rsa2048',
      'GET /latest/meta-data/instance-id',
      'GET /latest/user-data',
    ]);
    await machine.ended;
    const console = await machine.console();
    for (const secret of [CANARY, TOKEN]) expect(console).not.toContain(secret);
  });

  it('leaves the canary nowhere on its disk', async () => {
    for (const secret of [CANARY, TOKEN])
      expect((await run('grep', ['-rqsaF', '-D', 'skip', secret, root])).code).toBe(1);
  });
});

describe('a build', () => {
  it('ends with one sentence where the tarball is not the locked one', async () => {
    const root = await bareRoot(kit, 'tampered');
    await bash('printf x >> "$1"', join(root, 'opt/kit/runner.tar.gz'));
    await bash('rm "$1/opt/mayfly-images/provision/steps/"{20,30,40}-*.sh', root);
    const { code, err } = await provision(root, '--level', 'strict', ...kitArgs);
    expect(code).toBe(1);
    expect(err).toMatch(/the runner's tarball: want SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}: do not use it/);
  });
});
