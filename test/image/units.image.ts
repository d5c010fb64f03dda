import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bash, run } from './shell.ts';

/** The worst grade allowed, of systemd's own measure: 0 is sealed, 10 is an ordinary root service. */
const WORST: readonly (readonly [level: string, unit: string, exposure: number])[] = [
  ['compatible', 'mayfly-agent', 1.5],
  ['standard', 'mayfly-agent', 1.5],
  ['strict', 'mayfly-agent', 1.5],
  ['compatible', 'mayfly-runner', 8.7],
  ['standard', 'mayfly-runner', 4.0],
  ['strict', 'mayfly-runner', 1.5],
  ['compatible', 'mayfly-firewall', 4.0],
  ['compatible', 'mayfly-lock', 4.0],
  ['compatible', 'mayfly-probe', 4.0],
];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-units-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The settings of a level as they lie on an image. The runner's unit is made at run time from its drop-ins alone. */
async function rootOf(level: string): Promise<string> {
  const root = join(folder, level);
  await bash(
    `mkdir -p "$1" && cp -r images/files/all/. "$1" && cp -r "images/files/$2/." "$1"
     printf '[Service]\\nExecStart=/opt/runner/bin/Runner.Listener run\\n' > "$1/etc/systemd/system/mayfly-runner.service"`,
    root,
    level,
  );
  return root;
}

describe('systemd-analyze security', () => {
  it.each(WORST)('grades, on %s, %s.service %d or better', async (level, unit, worst) => {
    const root = await rootOf(level);
    const args = ['security', '--offline=yes', `--root=${root}`, '--no-pager', `${unit}.service`];
    const { out, err } = await run('systemd-analyze', args);
    const grade = Number(/exposure level for \S+ ([0-9.]+)/.exec(out)?.[1] ?? Number.NaN);
    console.log(`${level} ${unit}: ${grade} (at worst ${worst})`);
    expect({ unit, grade, err }).toEqual({ unit, grade: expect.any(Number), err: '' });
    expect(grade).toBeLessThanOrEqual(worst);
  });
});

describe('the units', () => {
  it.each(['compatible', 'standard', 'strict'])(
    'have, on %s, no key that systemd does not know',
    async (level) => {
      const root = await rootOf(level);
      const { out, err } = await run('bash', [
        '-c',
        `cd "$1/etc/systemd/system" && systemd-analyze verify --man=no --recursive-errors=no ./*.service ./*.mount 2>&1 |
         grep -E 'Unknown|Failed to parse|Invalid|ignoring' || true`,
        'bash',
        root,
      ]);
      expect(out + err).toBe('');
    },
  );

  it('set nothing on the compatible level that would take sudo away', async () => {
    const out = await bash(`cat images/files/compatible/etc/systemd/system/mayfly-runner.service.d/*.conf \
      images/files/all/etc/systemd/system/mayfly-runner.service.d/*.conf`);
    // What systemd enforces by seccomp sets NoNewPrivileges for a service with a user (systemd.exec(5)).
    const bySeccomp =
      /^(NoNewPrivileges|SystemCall\w+|Restrict(AddressFamilies|Namespaces|Realtime|SUIDSGID)|LockPersonality|MemoryDenyWriteExecute|PrivateDevices|Protect(KernelTunables|KernelModules|KernelLogs|Clock|Hostname))=/m;
    expect(bySeccomp.exec(out)?.[0]).toBeUndefined();
  });
});
