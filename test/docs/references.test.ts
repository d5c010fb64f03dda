/** Goal: what the pages in docs/ point to exists. Method: every relative link and every path in backticks is looked up. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');

const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

/** Headings as the anchors that GitHub makes of them. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

const isDeadLink = (page: string, link: string): boolean => {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : join(dirname(page), file);
  if (!existsSync(target)) return true;
  return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
};

describe('the pages in docs/', () => {
  it('link only to pages and headings that are there', () => {
    const dead = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(((?!https?:)[^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => isDeadLink(path, link))
        .map((link) => `${relative(ROOT, path)}: ${link}`),
    );
    expect(dead).toEqual([]);
  });

  it('name only files and folders of the project that are there', () => {
    const missing = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:bin|docs|images|lambdas|lib|local|test)\/[\w./-]*)`/g)]
        .map(([, named = '']) => named)
        .filter((named) => !existsSync(join(ROOT, named)))
        .map((named) => `${relative(ROOT, path)}: ${named}`),
    );
    expect(missing).toEqual([]);
  });
});
