import { createHash } from 'node:crypto';

/** What stands in a repository and around it, where a test says so; a model repository is empty otherwise. */
export interface RepositoryContent {
  /** Files of the default branch, by path; a commit that is not listed below has the same. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files of single commits, by SHA, instead of the default branch's. */
  readonly commits?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Branches by name; the default branch is always there. */
  readonly branches?: Readonly<Record<string, { readonly isProtected?: boolean }>>;
  readonly tags?: readonly string[];
  /** Permission by login; nobody else has any. */
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environments?: Readonly<
    Record<string, { readonly reviewers?: number; readonly hasBranchPolicy?: boolean }>
  >;
  /** Rulesets that ask for a pull request, by branch. */
  readonly rules?: Readonly<Record<string, { readonly codeOwnerReview?: boolean }>>;
  /** Checks by commit; no conclusion: still running. */
  readonly checks?: Readonly<
    Record<
      string,
      readonly { readonly name: string; readonly appId: number; readonly conclusion: string | null }[]
    >
  >;
}

/** The id git gives to a file's content. */
export const blobShaOf = (text: string): string => {
  const bytes = Buffer.from(text);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
};
