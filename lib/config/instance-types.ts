/**
 * The architecture of an EC2 instance type, by the naming rule of EC2: family letters, generation, then the processor
 * first among the attributes, where `g` is Graviton (m7g, c8gn, im4gn). The first generation of Arm is `a1`. Families
 * called `g` (g5, g6e) are graphics on x64 unless their attributes start with `g` too (g5g).
 */
export function archOf(instanceType: string): 'x64' | 'arm64' {
  const family = instanceType.split('.')[0] ?? '';
  if (family === 'a1') return 'arm64';
  const attributes = /^[a-z]+\d+([a-z]*)/.exec(family)?.[1] ?? '';
  return attributes.startsWith('g') ? 'arm64' : 'x64';
}
