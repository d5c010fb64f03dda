/**
 * The names that a runner must be able to look up, and for what. Source: GitHub's page "Communicating with self-hosted
 * runners", October 2026. Updates of the runner are left out, since ours never updates itself; so is Dependabot, which
 * runs on machines of its own.
 */
export const GITHUB_DOMAINS = {
  /** Without these no job starts. */
  essential: ['github.com', 'api.github.com', '*.actions.githubusercontent.com'],
  /** Source of actions and of the repository. */
  download: ['codeload.github.com', 'objects.githubusercontent.com', 'release-assets.githubusercontent.com'],
  /** Logs, artifacts and caches. GitHub names no narrower list: the accounts behind it change. */
  results: ['*.blob.core.windows.net'],
  /** Packages and containers. */
  packages: ['*.pkg.github.com', 'pkg-containers.githubusercontent.com', 'ghcr.io'],
  /** Large files. */
  largeFiles: ['github-cloud.githubusercontent.com', 'github-cloud.s3.amazonaws.com'],
} as const;

/** All of them. A name with a star stands for all names below it, and not for itself. */
export const githubDomains = (): readonly string[] => Object.values(GITHUB_DOMAINS).flat();
