/** The value of JSON text; undefined when it is none. The parser's own error is dropped: it quotes the text. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
