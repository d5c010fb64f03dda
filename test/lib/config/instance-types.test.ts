import { describe, expect, it } from '@jest/globals';
import { archOf } from '../../../lib/config/instance-types.ts';

describe('the architecture of an instance type', () => {
  it.each([
    ['m7g.large', 'arm64'],
    ['c8gn.48xlarge', 'arm64'],
    ['im4gn.large', 'arm64'],
    ['is4gen.medium', 'arm64'],
    ['x2gd.metal', 'arm64'],
    ['hpc7g.4xlarge', 'arm64'],
    ['g5g.xlarge', 'arm64'],
    ['t4g.nano', 'arm64'],
    ['a1.large', 'arm64'],
    ['m7i.large', 'x64'],
    ['m7i-flex.large', 'x64'],
    ['m8a.large', 'x64'],
    ['m5.large', 'x64'],
    ['g4dn.xlarge', 'x64'],
    ['g6e.xlarge', 'x64'],
    ['i7ie.large', 'x64'],
    ['u7i-12tb.224xlarge', 'x64'],
    ['u-3tb1.56xlarge', 'x64'],
    ['trn1.2xlarge', 'x64'],
  ])('of %s is %s', (type, arch) => {
    expect(archOf(type)).toBe(arch);
  });
});
