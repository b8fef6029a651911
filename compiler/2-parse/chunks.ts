/**
 * Cuts a large route block between statements, so that no match covers thousands of tokens: time and memory of a match
 * grow faster than its text, and each repair matches again.
 */
import type { Token } from '../0-lex/token.js';

const largeBlock = 2000;
const chunkSize = 1000;
/** What may follow a `}` and still belong to the statement: `else`, or an operator behind a `{…}` operand. */
const goesOn = 'E;qrb*/-=,)]:.';

/** One list: the block as it is. More: the first keeps the head, each is closed; the others begin with a head of our own. */
export function chunksOf(tokens: readonly Token[]): Token[][] {
  const open = tokens.findIndex((t) => t.kind === '{');
  if (tokens.length < largeBlock || open < 0) return [[...tokens]];
  const brace = tokens[open]!;
  const head: Token[] = [{ ...tokens[0]!, kind: 'Q', text: 'request_route' }, brace];
  const chunks: Token[][] = [];
  let from = 0;
  let depth = 1;
  for (let i = open + 1; i < tokens.length - 1; i++) {
    const { kind } = tokens[i]!;
    if (kind === '{') depth++;
    else if (kind === '}') depth--;
    if (depth !== 1 || i - from < chunkSize) continue;
    const next = tokens[i + 1]!;
    const ends = (kind === ';' && next.kind !== 'E') || (kind === '}' && next.leading && !goesOn.includes(next.kind));
    if (!ends) continue;
    chunks.push(closed(tokens.slice(from, i + 1), from === 0 ? [] : head));
    from = i + 1;
  }
  const rest = tokens.slice(from);
  // A rest that is only the closing brace would be an empty block.
  if (chunks.length > 0 && rest.length === 1) return chunks;
  chunks.push(from === 0 ? rest : [...head, ...rest]);
  return chunks;
}

function closed(statements: readonly Token[], head: readonly Token[]): Token[] {
  const last = statements.at(-1)!;
  return [...head, ...statements, { ...last, kind: '}', text: '', start: last.end }];
}
