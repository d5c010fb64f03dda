import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGitHub } from '../../../local/github/http.ts';
import { bundleInstance } from '../../../local/instance/bundle.ts';
import { LABELS, makeModel, oneJob } from '../github/fixture.ts';

let root = '';
let program = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mayfly-listener-'));
  program = (await bundleInstance(root)).listener;
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** The simulated GitHub with one queued job and one registration for it. */
async function gitHub(steps: readonly { name: string; run: string }[]) {
  const { model, installation } = makeModel();
  const server = await startGitHub({ model, pollMaxMs: 20 });
  const { jobs } = model.createRun(
    { ...oneJob(), jobs: [{ name: 'build', labels: LABELS, steps }] },
    Date.now(),
  );
  const answer = model.request(
    {
      method: 'POST',
      path: '/orgs/acme/actions/runners/generate-jitconfig',
      caller: { kind: 'installation', id: installation.id },
      baseUrl: server.url,
      body: { name: 'mayfly-1', runner_group_id: 1, labels: LABELS },
    },
    Date.now(),
  );
  const { encoded_jit_config: jit } = answer.body as { encoded_jit_config: string };
  const job = () => model.truth.job(jobs[0]?.jobId ?? '', Date.now());
  return {
    model,
    server,
    job,
    files: JSON.parse(Buffer.from(jit, 'base64').toString()) as Record<string, string>,
  };
}

/** A folder with the three files, as the agent places them. */
async function configured(files: Record<string, string>): Promise<string> {
  const home = await mkdtemp(join(root, 'home-'));
  for (const [name, text] of Object.entries(files))
    await writeFile(join(home, name), Buffer.from(text, 'base64'));
  return home;
}

async function listen(home: string) {
  const child = spawn(process.execPath, [program, 'run'], { cwd: home, env: { PATH: process.env['PATH'] } });
  const printed: string[] = [];
  child.stdout.on('data', (data) => printed.push(String(data)));
  const [exitCode] = await once(child, 'close');
  return { exitCode, printed: printed.join('') };
}

describe('the stand-in Listener and the simulated GitHub', () => {
  it('run one job to its end; registration and files are gone', async () => {
    const { model, server, job, files } = await gitHub([{ name: 'Say', run: 'echo hello' }]);
    const home = await configured(files);
    const { exitCode, printed } = await listen(home);
    expect(exitCode).toBe(0);
    expect(job()).toMatchObject({ status: 'completed', conclusion: 'success' });
    expect(model.truth.registrations(Date.now())).toEqual([]);
    expect(printed).toMatch(
      /√ Connected to GitHub[\s\S]*Z: Listening for Jobs\n.*Z: Running job: build\n.*Succeeded\n/,
    );
    const left = await readdir(home);
    expect(left).toEqual(['_diag', '_work']);
    // A mount on an image: the folder stays, and nothing of the job in it.
    expect(await readdir(join(home, '_work'))).toEqual([]);
    const logs = (await readdir(join(home, '_diag'))).map((name) => name.replace(/\d{8}-\d{6}/, 'UTC'));
    expect(logs.sort()).toEqual(['Runner_UTC-utc.log', 'Worker_UTC-utc.log']);
    await server.close();
  });

  it('agree on a job that fails', async () => {
    const { server, job, files } = await gitHub([{ name: 'No', run: 'exit 3' }]);
    expect(await listen(await configured(files))).toMatchObject({ exitCode: 0 });
    expect(job()).toMatchObject({ status: 'completed', conclusion: 'failure' });
    await server.close();
  });

  it('agree that a used configuration is worth nothing', async () => {
    const { server, files } = await gitHub([{ name: 'Say', run: 'true' }]);
    await listen(await configured(files));
    const again = await listen(await configured(files));
    expect(again.exitCode).toBe(1);
    expect(again.printed).not.toContain('Listening for Jobs');
    await server.close();
  });

  it('have nothing to say to each other without a configuration', async () => {
    expect(await listen(await configured({}))).toMatchObject({ exitCode: 1, printed: '' });
  });
});
