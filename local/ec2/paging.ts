import { hexOf } from './draws.ts';
import { answered, type Ec2Answer, ec2Error, invalid, refused } from './errors.ts';

/** EC2's limits for MaxResults of DescribeInstances. */
const PAGE_MIN = 5;
const PAGE_MAX = 1000;

export type Paged = {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
};

/**
 * The sequence after which the page begins. Tokens are opaque to callers: the last sequence given, and a check that
 * `request` (what is asked for, the page apart) is still the same.
 */
export function pageStart(
  paged: Paged,
  request: { readonly ids: number; readonly key: string },
): Ec2Answer<number> {
  const { MaxResults: pageMax, NextToken: token } = paged;
  if (pageMax !== undefined && request.ids > 0) {
    const sentence = 'The parameter instancesSet cannot be used with the parameter maxResults';
    return refused(ec2Error('InvalidParameterCombination', sentence));
  }
  if (pageMax !== undefined && !(pageMax >= PAGE_MIN && pageMax <= PAGE_MAX)) {
    return refused(invalid(`maxResults: want a value between ${PAGE_MIN} and ${PAGE_MAX}, got ${pageMax}`));
  }
  if (token === undefined) return answered(-1);
  const [, after, check] =
    /^(\d+)\.([0-9a-f]{16})$/.exec(Buffer.from(token, 'base64url').toString('latin1')) ?? [];
  return after !== undefined && check === hexOf(request.key, 16)
    ? answered(Number(after))
    : refused(invalid('NextToken: want one from an earlier page of the same request'));
}

export const pageToken = (lastSequence: number, key: string): string =>
  Buffer.from(`${lastSequence}.${hexOf(key, 16)}`, 'latin1').toString('base64url');
