/** `/regex/replacement/flags` (any delimiter): taken apart as Kamailio's re.c does. */
import type { Span } from '../span.js';
import { parsePvSyntax } from './pv-syntax.js';
import type { PvBinder } from './pvs.js';
import type { BoundSubstitution } from './symbols.js';

/** The parts, or what is wrong. */
export function bindSubstitution(text: string, span: Span, pvs: PvBinder): BoundSubstitution | string {
  const delimiter = text[0];
  if (delimiter === undefined) return 'it is empty';
  const middle = unescapedIndex(text, delimiter, 1);
  const end = middle < 0 ? -1 : unescapedIndex(text, delimiter, middle + 1);
  if (end < 0) return `it needs three ${delimiter}`;
  const flags = text.slice(end + 1);
  for (const flag of flags) if (!'gis'.includes(flag)) return `there is no flag ${flag}`;
  return { source: text.slice(1, middle), flags, replacement: replacementOf(text.slice(middle + 1, end), span, pvs) };
}

function unescapedIndex(text: string, wanted: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === wanted) return i;
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };

function replacementOf(text: string, span: Span, pvs: PvBinder): BoundSubstitution['replacement'] {
  const parts: BoundSubstitution['replacement'][number][] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') parts.push(plain);
    plain = '';
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\' && i + 1 < text.length) {
      const next = text[++i]!;
      if (next >= '0' && next <= '9') {
        flush();
        parts.push(Number(next));
      } else plain += escapes[next] ?? next;
    } else if (c === '$') {
      const syntax = parsePvSyntax(text, i);
      const end = 'error' in syntax ? text.length : syntax.end;
      const pv = pvs.single(text.slice(i, end), span);
      flush();
      if (pv) parts.push(pv);
      i = end - 1;
    } else plain += c;
  }
  flush();
  return parts;
}
