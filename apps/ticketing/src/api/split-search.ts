/** What is asked for, for `websearch_to_tsquery`, and the word that is still being written. */
export interface SplitSearch {
  readonly whole: string;
  /** Letters and digits alone; null where the last word is no plain one. */
  readonly beginning: string | null;
}

const PLAIN_END = /^(.*\s)?([\p{L}\p{N}\p{M}]+)$/su;
const OR = /(^|\s)or(\s|$)/iu;

/** Inside quotes, beside an `or`, behind a minus, and with a space behind it the last word is a finished one. */
export function splitSearch(asked: string): SplitSearch {
  const [, before = '', word = ''] = PLAIN_END.exec(asked) ?? [];
  const isQuoted = (before.match(/"/gu)?.length ?? 0) % 2 === 1;
  if (word === '' || isQuoted || OR.test(asked)) {
    return { whole: asked, beginning: null };
  }
  return { whole: before, beginning: word };
}
