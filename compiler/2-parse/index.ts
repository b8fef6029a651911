/** Parsing: one cfg, with everything it includes, to one tree. */
import type { Token } from '../0-lex/token.js';
import { preprocess } from '../1-preprocess/index.js';
import { type Piece, split } from '../1-preprocess/split.js';
import type { Config, Item, RouteBlock } from '../ast.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { Host } from '../host.js';
import { chunksOf } from './chunks.js';
import { checkCoreCalls } from './core-calls.js';
import { Matches } from './matches.js';
import { repairBlock, reportItem } from './recover.js';
import { checkSetting } from './settings.js';
import { spanOver, workOn } from './tokens.js';

export interface ParseOptions {
  /** `-A NAME=VALUE` definitions; the empty string defines a name without a value. */
  readonly defines?: Readonly<Record<string, string>>;
  /** Kept by who parses again and again; else it lives for one parse. */
  readonly matches?: Matches;
}

/** Mistakes reported in one block, at most; and the tokens matched for it, each repair matching the block again. */
const maxRepairs = 100;
const maxMatched = 2_000_000;

/** Reads, preprocesses and parses; mistakes go to `diagnostics`, what is left of the cfg is returned. */
export function parseConfig(host: Host, path: string, options: ParseOptions, diagnostics: Diagnostics): Config {
  const { tokens, defines } = preprocess(host, path, options.defines ?? {}, diagnostics);
  const items: Item[] = [];
  const matches = options.matches ?? new Matches();
  for (const piece of split(tokens, diagnostics)) {
    const item = parsePiece(piece, matches, diagnostics);
    if (!item) continue;
    items.push(item);
    if (item.kind === 'route') checkCoreCalls(item, host.catalog().core, diagnostics);
    else if (item.kind === 'global') checkSetting(item, host.catalog().core, diagnostics);
  }
  return { items, defines: defines.texts() };
}

function parsePiece(piece: Piece, matches: Matches, diagnostics: Diagnostics): Item | null {
  const bad: Item = { kind: 'bad', span: spanOver(piece.tokens[0]!, piece.tokens.at(-1)!) };
  if (piece.kind === 'junk') return bad;
  if (piece.kind === 'block') return parseBlock(piece.tokens, matches, diagnostics) ?? bad;
  const work = workOn(piece.tokens);
  const found = matches.item(work.kinds.join(''));
  if (typeof found === 'function') return found({ tokens: work.tokens, diagnostics });
  const { at, expected } = found;
  reportItem(work, at, expected, diagnostics);
  return bad;
}

function parseBlock(tokens: readonly Token[], matches: Matches, diagnostics: Diagnostics): RouteBlock | null {
  const [first, ...rest] = chunksOf(tokens).map((chunk) => parseChunk(chunk, matches, diagnostics));
  if (!first || rest.length === 0) return first ?? null;
  const body = [first, ...rest].flatMap((chunk) => chunk?.body ?? []);
  return { ...first, body, span: spanOver(tokens[0]!, tokens.at(-1)!) };
}

function parseChunk(tokens: readonly Token[], matches: Matches, diagnostics: Diagnostics): RouteBlock | null {
  const work = workOn(tokens);
  for (let repairs = 0; repairs < maxRepairs && repairs * work.kinds.length < maxMatched; repairs++) {
    const found = matches.block(work.kinds.join(''));
    if (typeof found === 'function') return found({ tokens: work.tokens, diagnostics });
    const { at, expected } = found;
    if (!repairBlock(work, at, expected, diagnostics)) return null;
  }
  return null;
}
