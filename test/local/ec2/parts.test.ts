import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CATALOGUE } from '../../../local/ec2/catalogue.ts';
import { drawMs, hexOf, keyedDraw, strikes, uuidOf } from '../../../local/ec2/draws.ts';
import { createSchedule } from '../../../local/ec2/schedule.ts';
import { createSubnet } from '../../../local/ec2/subnets.ts';
import { changing } from '../../../local/ec2/weather.ts';
import { escapeXml } from '../../../local/ec2/xml.ts';

describe('the schedule', () => {
  it('runs all that is due by time and then by order of entry, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.nat(50), (times, now) => {
        const schedule = createSchedule();
        const ran: [number, number][] = [];
        for (const [index, at] of times.entries()) schedule.add(at, () => ran.push([at, index]));
        schedule.runUntil(now);
        const wanted = times.flatMap((at, index): [number, number][] => (at <= now ? [[at, index]] : []));
        wanted.sort(([a, i], [b, j]) => a - b || i - j);
        expect(ran).toEqual(wanted);
        const left = times.filter((at) => at > now);
        expect(schedule.nextAt()).toBe(left.length === 0 ? undefined : Math.min(...left));
      }),
    );
  });

  it('runs what is added meanwhile, at its own time', () => {
    const schedule = createSchedule();
    const ran: string[] = [];
    schedule.add(1, (at) => {
      ran.push(`first ${at}`);
      schedule.add(at + 1, (due) => ran.push(`second ${due}`));
      schedule.add(at + 9, (due) => ran.push(`late ${due}`));
    });
    schedule.runUntil(5);
    expect(ran).toEqual(['first 1', 'second 2']);
  });
});

describe('draws', () => {
  it('depend on seed and key alone, and lie in [0, 1)', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (seed, key) => {
        const drawn = keyedDraw(seed)(key);
        expect(keyedDraw(seed)(key)).toBe(drawn);
        expect(drawn).toBeGreaterThanOrEqual(0);
        expect(drawn).toBeLessThan(1);
      }),
    );
  });

  it('spread evenly over neighbouring keys', () => {
    const draw = keyedDraw('spread');
    const struck = Array.from({ length: 10_000 }, (_, index) => strikes(draw, `t/${index}`, 0.2));
    const share = struck.filter(Boolean).length / struck.length;
    expect(share).toBeGreaterThan(0.18);
    expect(share).toBeLessThan(0.22);
  });

  it('give durations within their range, both ends included', () => {
    const range = { minMs: 3, maxMs: 5 };
    const drawn = Array.from({ length: 300 }, (_, index) => drawMs(keyedDraw('range'), `d/${index}`, range));
    expect(new Set(drawn)).toEqual(new Set([3, 4, 5]));
  });

  it('are not asked where there is nothing to choose', () => {
    const never = () => {
      throw new Error('want no draw');
    };
    expect(drawMs(never, 'k', { minMs: 7, maxMs: 7 })).toBe(7);
    expect([strikes(never, 'k', 0), strikes(never, 'k', 1)]).toEqual([false, true]);
  });

  it('make ids of the asked form, different for different texts', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => hexOf(`instance/t/${index}`, 16));
    expect(new Set(ids).size).toBe(ids.length);
    expect(uuidOf('x')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('the weather', () => {
  it('keeps an offer as it is for a whole spell, and changes with the spells', () => {
    const weather = changing({ draw: keyedDraw('sky'), exhaustedShare: 0.5, spellMs: 1000 });
    const offer = { instanceType: 'm7i.large', zone: 'us-east-1a', market: 'spot' } as const;
    const isDry = (now: number) => weather.offer?.(offer, now)?.instancesMax === 0;
    const spells = Array.from({ length: 40 }, (_, index) => index * 1000);
    for (const start of spells) expect(isDry(start + 999)).toBe(isDry(start));
    expect(new Set(spells.map(isDry)).size).toBe(2);
  });
});

describe('the catalogue', () => {
  it('prices every size by its vCPUs, spot below on-demand', () => {
    const large = CATALOGUE.find((type) => type.name === 'm7g.large');
    const larger = CATALOGUE.find((type) => type.name === 'm7g.4xlarge');
    expect(large).toMatchObject({
      vcpus: 2,
      memoryGib: 8,
      architecture: 'arm64',
      onDemandUsdPerHour: 0.0816,
    });
    expect(larger).toMatchObject({ vcpus: 16, memoryGib: 64, onDemandUsdPerHour: 0.6528 });
    for (const type of CATALOGUE) expect(type.spotUsdPerHour).toBeLessThan(type.onDemandUsdPerHour);
    expect(CATALOGUE.map((type) => type.name)).not.toContain('t3.4xlarge');
  });
});

describe('a subnet', () => {
  it('gives no address twice while it is taken, and none beyond its room', () => {
    const subnet = createSubnet({ subnetId: 's', zone: 'a', cidrBlock: '10.9.255.0/24', freeIps: 3 });
    const taken = [subnet.takeIp(), subnet.takeIp(), subnet.takeIp()];
    expect([taken, subnet.freeIps()]).toEqual([['10.9.255.4', '10.9.255.5', '10.9.255.6'], 0]);
    subnet.returnIp('10.9.255.5');
    expect([subnet.freeIps(), subnet.takeIp()]).toEqual([1, '10.9.255.5']);
  });

  it('wants a block of the sizes that EC2 has', () => {
    for (const cidrBlock of ['10.0.0.0/8', '10.0.0.0/29', '10.0.0/24', 'x']) {
      expect(() => createSubnet({ subnetId: 's', zone: 'a', cidrBlock })).toThrow(/want a CIDR block/);
    }
  });
});

describe('text in XML', () => {
  it('has no markup left, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeXml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|apos|#x9|#xA|#xD);)/);
      }),
    );
    expect(escapeXml('a\u0000b\uD800')).toBe('a\uFFFDb\uFFFD');
  });
});
