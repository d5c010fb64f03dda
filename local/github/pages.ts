import type { Answer } from './answer.ts';
import type { Call } from './routing.ts';

const PAGE_ITEMS_MAX = 100;
const PAGE_ITEMS_USUAL = 30;
/** A list that is filtered ends here, whatever the count says. */
export const FILTERED_ITEMS_MAX = 1_000;

/** How many items the caller wants on a page, within GitHub's bounds. */
export function pageSizeOf(query: URLSearchParams): number {
  const asked = Number(query.get('per_page') ?? PAGE_ITEMS_USUAL);
  return Number.isInteger(asked) && asked > 0 ? Math.min(asked, PAGE_ITEMS_MAX) : PAGE_ITEMS_USUAL;
}

export interface Page<I> {
  readonly items: readonly I[];
  readonly headers: Answer['headers'];
}

/** The page asked for, and the Link header by which a client walks on. */
export function pageOf<I>(call: Call, items: readonly I[]): Page<I> {
  const size = pageSizeOf(call.query);
  const asked = Number(call.query.get('page') ?? 1);
  const page = Number.isInteger(asked) && asked > 0 ? asked : 1;
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, rel: string) => `<${linkTo(call, 'page', String(to))}>; rel="${rel}"`;
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ];
  return {
    items: items.slice((page - 1) * size, page * size),
    headers: links.length > 0 ? { link: links.join(', ') } : {},
  };
}

/** This call's address with one query parameter changed. */
export function linkTo(call: Call, name: string, value: string): string {
  const query = new URLSearchParams(call.query);
  query.set(name, value);
  return `${call.baseUrl}${call.path}?${query}`;
}
