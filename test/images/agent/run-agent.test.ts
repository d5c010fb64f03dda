import { describe, expect, it } from '@jest/globals';
import { CANARY, granted, INSTANCE_ID, json, type ListenerScript, START, TOKEN, world } from './fakes.ts';

const lastOf = (events: readonly string[]) => events[events.length - 1];
const final = (w: ReturnType<typeof world>) => w.reports('final')[0];

/** Listens until it is stopped, then exits as the real one does. */
const idler: ListenerScript = async ({ sign, end, stopped }) => {
  sign('listening');
  await stopped;
  end(0);
};

describe('the life of an agent', () => {
  it('reads its identity, claims, closes metadata, places the files, runs one job and powers off', async () => {
    const w = world();
    await w.run();
    expect(w.requests.slice(0, 5).map((r) => `${r.method} ${new URL(r.url).pathname}`)).toEqual([
      'PUT /latest/api/token',
      'GET /latest/dynamic/instance-identity/rsa2048',
      'GET /latest/meta-data/instance-id',
      'GET /latest/user-data',
      'POST /',
    ]);
    expect(w.events).toEqual([
      'close-metadata',
      'gate',
      'place .runner .credentials .credentials_rsaparams',
      'start',
      'power-off',
    ]);
    expect(w.reports('phase').map((r) => r['phase'])).toEqual([
      'boot',
      'claim',
      'online',
      'job-start',
      'job-end',
    ]);
    expect(final(w)).toEqual({
      kind: 'final',
      protocolVersion: 1,
      instanceId: INSTANCE_ID,
      verdict: 'ran',
      exitCode: 0,
      jobStartedAt: START + 3_000,
      jobEndedAt: START + 63_000,
      note: '',
    });
  });

  it('waits the grace after a job, and none after a machine that ran nothing', async () => {
    const worked = world();
    await worked.run();
    expect(worked.clock.elapsed()).toBe(63_000 + granted.rules.graceMs);
    const unused = world({ listener: async ({ end }) => end(0) });
    await unused.run();
    expect(unused.clock.elapsed()).toBe(0);
  });

  it('shows the secrets of its claim to nobody: not in a log, a report or an address', async () => {
    const w = world({ report: () => json(500, {}) });
    await w.run();
    const told = w.requests.map((r) => `${r.url} ${r.body ?? ''}`).join('\n') + w.logs.join('\n');
    expect(told).not.toContain(CANARY);
    expect(told).not.toContain(TOKEN);
    expect(w.events.join()).not.toContain(CANARY);
  });

  it('finishes its job and powers off when no report is ever answered', async () => {
    const w = world({ report: () => undefined });
    await w.run();
    expect(lastOf(w.events)).toBe('power-off');
    expect(w.events).not.toContain('stop');
    expect(w.reports('final')).toHaveLength(5);
  });

  it('powers off when metadata never answers', async () => {
    const w = world({ metadata: () => undefined });
    await w.run();
    expect(w.events).toEqual(['power-off']);
    expect(w.logs.join()).toContain('metadata: /latest/api/token did not answer 200');
  });

  it('sends its identity over no open way', async () => {
    const userData = {
      protocolVersion: 1,
      stackId: 'abcd1234',
      pool: 'p',
      claimUrl: 'http://claim.example/',
    };
    const w = world({
      metadata: (path) =>
        path.endsWith('user-data')
          ? json(200, userData)
          : { status: 200, body: path.endsWith('instance-id') ? INSTANCE_ID : 'M'.repeat(200) },
    });
    await w.run();
    expect(w.requests.every((r) => r.url.startsWith('http://169.254.169.254/'))).toBe(true);
    expect(w.events).toEqual(['power-off']);
  });
});

describe('an agent whose machine is not ready', () => {
  it('starts no Listener when metadata cannot be closed, says so and powers off', async () => {
    const w = world({ host: { closeMetadata: () => Promise.reject(new Error('x')) } });
    await w.run();
    expect(w.events).toEqual(['power-off']);
    expect(final(w)).toMatchObject({ verdict: 'failed', exitCode: null });
  });

  it('reports no text of a system error, which may quote a secret', async () => {
    const w = world({ host: { placeFiles: () => Promise.reject(new SyntaxError(`near ${CANARY}`)) } });
    await w.run();
    expect(final(w)).toMatchObject({ verdict: 'failed', note: 'SyntaxError' });
    expect(w.events).toEqual(['close-metadata', 'gate', 'power-off']);
  });

  it('powers off after a bug of its own', async () => {
    const w = world({
      host: {
        startListener: () => {
          throw new TypeError('a bug');
        },
      },
    });
    await w.run();
    expect(lastOf(w.events)).toBe('power-off');
  });
});

describe('the end of a Listener', () => {
  const exits =
    (exitCode: number): ListenerScript =>
    async ({ end }) =>
      end(exitCode);
  it.each([
    [0, 'unused', 1],
    [1, 'unused', 1],
    [2, 'failed', 4],
    [3, 'outdated', 4],
    [4, 'outdated', 4],
    [5, 'session-conflict', 1],
    [7, 'outdated', 1],
    [42, 'failed', 1],
  ])('with code %i and no Worker is %s after %i starts', async (code, verdict, starts) => {
    const w = world({ listener: exits(code) });
    await w.run();
    expect(final(w)).toMatchObject({ verdict, exitCode: code });
    expect(w.events.filter((e) => e === 'start')).toHaveLength(starts);
    expect(lastOf(w.events)).toBe('power-off');
  });

  it('counts as run whatever its code, once a Worker was seen', async () => {
    const w = world({
      listener: async ({ sign, startWorker, end }) => {
        sign('listening');
        startWorker();
        end(1);
      },
    });
    await w.run();
    expect(final(w)).toMatchObject({ verdict: 'ran', exitCode: 1 });
  });

  it('is followed by another start when it asked for one, and the job of that one counts', async () => {
    let starts = 0;
    const w = world({
      listener: async ({ sign, startWorker, end }) => {
        starts += 1;
        if (starts === 1) return end(4);
        sign('listening');
        startWorker();
        end(0);
      },
    });
    await w.run();
    expect(final(w)).toMatchObject({ verdict: 'ran' });
    expect(w.clock.elapsed()).toBe(5_000 + granted.rules.graceMs);
  });
});

describe('an idle runner', () => {
  const answering = (answer: string) => (body: Record<string, unknown>) =>
    json(200, { answer: body['kind'] === 'idle' ? answer : 'carry-on' });

  it('is deregistered first and only then stopped', async () => {
    const w = world({ listener: idler, report: answering('deregistered') });
    await w.run();
    expect(w.clock.elapsed()).toBe(granted.rules.idleMaxMs);
    expect(w.events.slice(-2)).toEqual(['stop', 'power-off']);
    expect(final(w)).toMatchObject({ verdict: 'unused', note: 'stopped: idle' });
  });

  it('keeps listening while a job is on its way, and runs it', async () => {
    const w = world({
      report: answering('job-coming'),
      listener: async ({ sign, startWorker, end, clock }) => {
        sign('listening');
        await clock.sleep(granted.rules.idleMaxMs + 10_000);
        startWorker();
        await clock.sleep(60_000);
        end(0);
      },
    });
    await w.run();
    expect(w.reports('idle')).toHaveLength(1);
    expect(w.events).not.toContain('stop');
    expect(final(w)).toMatchObject({ verdict: 'ran' });
  });

  it('is not stopped when its Worker appears while it is being deregistered', async () => {
    let arrive = () => {};
    const w = world({
      report: (body) => {
        if (body['kind'] === 'idle') arrive();
        return json(200, { answer: body['kind'] === 'idle' ? 'deregistered' : 'carry-on' });
      },
      listener: async ({ sign, startWorker, end, clock }) => {
        sign('listening');
        const { promise, resolve } = Promise.withResolvers<void>();
        arrive = () => {
          startWorker();
          resolve();
        };
        await promise;
        await clock.sleep(60_000);
        end(0);
      },
    });
    await w.run();
    expect(w.events).not.toContain('stop');
    expect(final(w)).toMatchObject({ verdict: 'ran' });
  });

  it('stays while nobody answers its question, and asks again', async () => {
    const w = world({
      listener: idler,
      report: (body) => {
        if (body['kind'] !== 'idle') return json(200, { answer: 'carry-on' });
        return w.reports('idle').length < 3 ? undefined : json(200, { answer: 'deregistered' });
      },
    });
    await w.run();
    expect(w.reports('idle')).toHaveLength(3);
    expect(w.clock.elapsed()).toBe(granted.rules.idleMaxMs + 60_000);
  });
});

describe('a runner that must end', () => {
  const busy: ListenerScript = async ({ sign, startWorker, stopped, end }) => {
    sign('listening');
    startWorker();
    await stopped;
    end(0);
  };

  it('is stopped at its lifetime, counted from its boot', async () => {
    const w = world({ listener: busy });
    await w.run();
    expect(w.clock.elapsed()).toBe(granted.rules.lifetimeMaxMs + granted.rules.graceMs);
    expect(final(w)).toMatchObject({ verdict: 'ran', note: 'stopped: lifetime' });
  });

  it('is deregistered before it stops, when a heartbeat tells it to stop', async () => {
    const w = world({
      listener: idler,
      report: (body) => json(200, { answer: body['kind'] === 'idle' ? 'deregistered' : 'stop' }),
    });
    await w.run();
    expect(w.clock.elapsed()).toBe(granted.rules.heartbeatMs);
    expect(w.reports('idle')).toHaveLength(1);
    expect(final(w)).toMatchObject({ verdict: 'unused', note: 'stopped: idle' });
  });

  it('is not stopped by a word while its job runs', async () => {
    const w = world({ listener: busy, report: () => json(200, { answer: 'stop' }) });
    await w.run();
    expect(w.reports('idle')).toHaveLength(0);
    expect(final(w)).toMatchObject({ verdict: 'ran', note: 'stopped: lifetime' });
  });

  it('is killed when it does not stop, and left to the power off when even that fails', async () => {
    const w = world({
      listener: async ({ sign, startWorker }) => {
        sign('listening');
        startWorker();
      },
    });
    await w.run();
    expect(w.events.slice(-3)).toEqual(['stop', 'kill', 'power-off']);
    expect(final(w)).toMatchObject({ verdict: 'ran', exitCode: null });
  });

  it('is stopped when its machine is going down', async () => {
    const w = world({
      listener: async (play) => {
        play.sign('listening');
        play.startWorker();
        await play.clock.sleep(10_000);
        w.halt.abort();
        await play.stopped;
        play.end(0);
      },
    });
    await w.run();
    expect(w.clock.elapsed()).toBe(10_000);
    expect(final(w)).toMatchObject({ note: 'stopped: machine-stopping' });
  });

  it('says with every heartbeat whether a Worker lives', async () => {
    const w = world({
      listener: async ({ sign, startWorker, clock, end }) => {
        sign('listening');
        await clock.sleep(90_000);
        startWorker();
        await clock.sleep(60_000);
        end(0);
      },
    });
    await w.run();
    expect(w.reports('heartbeat').map((r) => r['workerAlive'])).toEqual([false, true]);
  });
});
