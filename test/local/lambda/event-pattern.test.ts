import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '../../../local/json.ts';
import { readPattern } from '../../../local/lambda/event-pattern.ts';

const event: JsonObject = {
  source: 'aws.ec2',
  resources: ['a', 'b'],
  detail: { state: 'stopped', count: 3, empty: null, deep: { tag: 'mayfly' } },
};

describe('readPattern', () => {
  it.each<[what: string, pattern: Json, wanted: boolean]>([
    ['an exact value', { source: ['aws.ec2'] }, true],
    ['another value', { source: ['aws.s3'] }, false],
    ['one of several', { detail: { state: ['terminated', 'stopped'] } }, true],
    ['a number, by type', { detail: { count: [3] } }, true],
    ['a number written as text', { detail: { count: ['3'] } }, false],
    ['null', { detail: { empty: [null] } }, true],
    ['any value of a list', { resources: ['b', 'c'] }, true],
    ['a prefix', { detail: { state: [{ prefix: 'sto' }] } }, true],
    ['a prefix that is none', { detail: { state: [{ prefix: 'run' }] } }, false],
    ['anything but another', { detail: { state: [{ 'anything-but': ['running'] }] } }, true],
    ['anything but this', { detail: { state: [{ 'anything-but': 'stopped' }] } }, false],
    ['anything but, where nothing is', { detail: { no: [{ 'anything-but': 'x' }] } }, false],
    ['something there', { detail: { deep: { tag: [{ exists: true }] } } }, true],
    ['nothing there', { detail: { other: { tag: [{ exists: false }] } } }, true],
    ['something missing', { detail: { tag: [{ exists: true }] } }, false],
    ['all fields together', { source: ['aws.ec2'], detail: { state: ['running'] } }, false],
  ])('matches by %s', (_what, pattern, wanted) => {
    expect(readPattern(pattern)(event)).toBe(wanted);
  });

  it.each<[what: string, pattern: Json]>([
    ['numeric', { detail: { count: [{ numeric: ['>', 1] }] } }],
    ['$or', { $or: [{ source: ['a'] }] }],
    ['nested anything-but', { source: [{ 'anything-but': { prefix: 'a' } }] }],
    ['a bare value', { source: 'aws.ec2' }],
  ])('refuses %s, which is not modelled', (_what, pattern) => {
    expect(() => readPattern(pattern)).toThrow(/not modelled|want a list/);
  });
});
