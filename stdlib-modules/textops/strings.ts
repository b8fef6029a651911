/**
 * Comparing texts and looking into lists. -1 and -2 say which side is larger, as Kamailio's functions do.
 */
import { lowerAscii, type Verdict } from '../../runtime/sdk/index.js';

/** Byte order; of two with a common start the shorter is smaller. */
export function compare(a: string, b: string): Verdict {
  if (a === b) return 1;
  return a > b ? -1 : -2;
}
export const compareFolded = (a: string, b: string): Verdict => compare(lowerAscii(a), lowerAscii(b));

export function startsWith(text: string, start: string): Verdict {
  if (text.length < start.length) return -1;
  return compare(text.slice(0, start.length), start);
}
export function endsWith(text: string, end: string): Verdict {
  if (text.length < end.length) return -1;
  return end === '' ? 1 : compare(text.slice(-end.length), end);
}

const elements = (list: string, separator: string): string[] => {
  const all = list.split(separator).map((e) => e.trim());
  if (all.length > 1 && all.at(-1) === '') all.pop();
  return all;
};
export const inList = (text: string, list: string, separator: string): Verdict =>
  text !== '' && list !== '' && separator !== '' && elements(list, separator.charAt(0)).includes(text) ? 1 : -1;
export const prefixInList = (text: string, list: string, separator: string): Verdict =>
  text !== '' &&
  list !== '' &&
  separator !== '' &&
  elements(list, separator.charAt(0)).some((e) => e !== '' && text.startsWith(e))
    ? 1
    : -1;

/** Where the second text begins in the first, from 1; -1 when it does not. An empty one is found behind the last character. */
export function find(text: string, part: string): Verdict {
  if (part === '') return text === '' ? -1 : text.length + 1;
  return text.indexOf(part) + 1 || -1;
}
/** As `find`, ASCII case ignored; an empty text is found at the first character. */
export function findFolded(text: string, part: string): Verdict {
  if (text === '') return -1;
  return lowerAscii(text).indexOf(lowerAscii(part)) + 1 || -1;
}
