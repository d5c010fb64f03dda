/** An answer of the API. `body` is JSON to be (bigint allowed), undefined for none. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export const answerOf = (status: number, body?: unknown, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers,
  body,
});

/** GitHub's error shape. */
export const refusal = (status: number, message: string, headers: Answer['headers'] = {}): Answer =>
  answerOf(
    status,
    { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
    headers,
  );

export const notFound = (): Answer => refusal(404, 'Not Found');

type WithRaw = JSON & { rawJSON(text: string): unknown };

/** JSON text in which a bigint is a plain number of any length, as GitHub writes delivery ids. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    // Part of the language (ES2025) and of Node 24, not yet of the compiler's library.
    typeof part === 'bigint' ? (JSON as WithRaw).rawJSON(String(part)) : part,
  );
