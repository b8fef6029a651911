/**
 * From a failed match to a diagnostic and a repair, so that the next match gets further: several mistakes in a block
 * give several diagnostics. What cannot be repaired is blanked (as `¡` or `¿`), statement by statement.
 */
import { keywordKind } from '../0-lex/keywords.js';
import { kindNames, type Token, type TokenKind } from '../0-lex/token.js';
import * as d2 from '../diagnostics/2xxx-syntax.js';
import type { Diagnostics } from '../diagnostics/define.js';
import { nearest } from '../diagnostics/near.js';
import { badExpressionKind, badStatementKind, spanOver, type Work } from './tokens.js';

/** Reports what is wrong at `at` and repairs it; false: nothing could be done. */
export function repairBlock(work: Work, at: number, expected: ReadonlySet<string>, diagnostics: Diagnostics): boolean {
  const { tokens, kinds } = work;
  const open = kinds.indexOf('{');
  if (open < 0 || at <= open) return repairHead(work, at, open, expected, diagnostics);
  const before = kinds[at - 1]!;
  const found = kinds[at]!;
  const token = tokens[at]!;
  if (found === '}' && before === '{' && expected.has('I')) {
    diagnostics.report(d2.emptyBlock, spanOver(tokens[at - 1]!, token), {});
    return insert(work, at, ';');
  }
  if (expected.has(';') && !expected.has('I') && (found === '}' || (token.leading && !isOperator(found)))) {
    const last = tokens[at - 1]!;
    diagnostics.report(d2.missingSemicolon, { ...last, start: last.end, end: last.end }, {});
    return insert(work, at, ';');
  }
  const transformed = transformation(work, at);
  if (transformed !== null) {
    const end = tokens[transformed]!;
    const span = spanOver(tokens[at - 1]!, end);
    diagnostics.report(d2.bareTransformation, span, {
      pv: tokens[at - 1]!.text,
      braces: span.file.text.slice(token.start, end.end),
    });
    tokens.splice(at, transformed - at + 1);
    kinds.splice(at, transformed - at + 1);
    return true;
  }
  const atStatement = ';{}'.includes(before) || before === badStatementKind;
  if (found === '{' && atStatement) {
    diagnostics.report(d2.bareBlock, token, {});
    const close = closing(kinds, at, kinds.length);
    kinds[at] = ';';
    if (close < kinds.length) kinds[close] = ';';
    return true;
  }
  const region = blankable(kinds, open, at);
  // Right behind something that was blanked: part of the same mistake.
  const sequel = kinds[region.from - 1] === badStatementKind || kinds[at - 1] === badExpressionKind;
  if (!sequel) report(work, at, region.from, expected, diagnostics);
  return blank(work, region);
}

/** `$rU{s.len}`, with the `{` at `at`: where the `}` is. */
function transformation({ tokens, kinds }: Work, at: number): number | null {
  const pv = tokens[at - 1]!;
  if (kinds[at] !== '{' || kinds[at - 1] !== '$' || pv.end !== tokens[at]!.start) return null;
  const close = closing(kinds, at, kinds.length);
  const end = tokens[close];
  if (!end || end.file !== pv.file) return null;
  return /^\{\s*\w+\.\w+[^;{}]*\}$/.test(pv.file.text.slice(pv.end, end.end)) ? close : null;
}

/** Top level: one diagnostic, no repair. */
export function reportItem(work: Work, at: number, expected: ReadonlySet<string>, diagnostics: Diagnostics): void {
  report(work, at, 0, expected, diagnostics);
}

function repairHead(
  work: Work,
  at: number,
  open: number,
  expected: ReadonlySet<string>,
  diagnostics: Diagnostics,
): boolean {
  const { tokens, kinds } = work;
  const token = tokens[at];
  if (token && keywordKind(token.text) && kinds[at - 1] === '[') {
    diagnostics.report(d2.reservedWord, token, { word: token.text });
    kinds[at] = 'a';
    return true;
  }
  const close = kinds.indexOf(']');
  if (
    tokens[0]!.text === 'event_route' &&
    kinds[1] === '[' &&
    close > 2 &&
    close < open &&
    !(close === 3 && kinds[2] === 'e')
  ) {
    const name = spanOver(tokens[2]!, tokens[close - 1]!);
    diagnostics.report(d2.blockName, name, { keyword: 'event_route', problem: 'form' });
    tokens.splice(2, close - 2, tokens[2]!);
    kinds.splice(2, close - 2, 'e');
    tokens[2] = { ...tokens[2]!, kind: 'e' };
    return true;
  }
  report(work, at, 0, expected, diagnostics);
  if (open <= 1) return false;
  tokens.splice(1, open - 1);
  kinds.splice(1, open - 1);
  return true;
}

/** The most telling diagnostic for a failure at token `at` of the statement that begins at `from`. */
function report(work: Work, at: number, from: number, expected: ReadonlySet<string>, diagnostics: Diagnostics): void {
  const { tokens, kinds } = work;
  const token = tokens[at];
  const last = tokens[at - 1];
  const found = kinds[at] ?? '';
  const before = kinds[at - 1] ?? '';
  if (found === '?' || before === '?') return; // the scanner has reported it
  if (last && before === '"' && !isClosed(last)) return;
  const operator = oddOperator(tokens, at);
  if (operator) {
    diagnostics.report(d2.noSuchOperator, operator.span, { operator: operator.text });
  } else if (token && found === 'E' && (expected.has('I') || expected.has('}'))) {
    diagnostics.report(d2.strayElse, token, {});
  } else if (token && found === '=' && last && '$%'.includes(before)) {
    diagnostics.report(d2.chainedAssign, token, {});
  } else if (token && found === 'u' && /^[0-9]/.test(token.text)) {
    diagnostics.report(d2.badNumber, token, { text: token.text });
  } else if (last && before === 'u' && /^[0-9]/.test(last.text)) {
    diagnostics.report(d2.badNumber, last, { text: last.text });
  } else if (last && before === 'a' && found !== '(' && expected.has('(') && at > from) {
    diagnostics.report(d2.bareWord, last, { name: last.text, ...meantBy(tokens, at - 1, found) });
  } else if (last && (before === 'm' || before === 'Y') && expected.has('q')) {
    diagnostics.report(d2.bareKeyword, last, { word: last.text });
  } else if (token && (found === 'm' || found === 'Y') && !expected.has('m')) {
    diagnostics.report(d2.bareKeyword, token, { word: token.text });
  } else if (token && expected.has('a') && !expected.has('0') && keywordKind(token.text)) {
    diagnostics.report(d2.reservedWord, token, { word: token.text });
  } else if (expected.has(')') && (found === '' || ';{}'.includes(found) || token?.leading)) {
    const parenthesis = openParenthesis(kinds, at);
    diagnostics.report(d2.unclosedParenthesis, tokens[parenthesis] ?? last!, {});
  } else {
    const span = token ?? { ...last!, start: last!.end, end: last!.end };
    diagnostics.report(d2.unexpectedToken, span, {
      found: describe(token),
      expected: summary(expected),
      ...hintFor(token, last, expected),
    });
  }
}

const variables = new Set(['var', 'avp', 'xavp', 'hdr', 'shv', 'dlg_var', 'sht', 'def', 'vn', 'T', 'sel']);
/** What a word at `at` that is neither called nor quoted was meant to be. */
function meantBy(tokens: readonly Token[], at: number, found: string): { meant: string } | Record<string, never> {
  const { text } = tokens[at]!;
  const [call, open] = [tokens[at - 2], tokens[at - 1]];
  if (open?.text === '(' && call && variables.has(call.text)) return { meant: `$${call.text}(${text})` };
  const next = tokens[at + 2];
  if (found === '-' && next && tokens[at + 1]?.start === tokens[at]!.end) return { meant: `"${text}-${next.text}"` };
  const near =
    open === undefined || ';{}'.includes(open.text) ? nearest(text, ['exit', 'drop', 'return', 'break'], 1) : undefined;
  return near === undefined ? {} : { meant: near };
}

function hintFor(
  token: Token | undefined,
  last: Token | undefined,
  expected: ReadonlySet<string>,
): { hint: string } | Record<string, never> {
  if (token?.text === '-' && last?.kind === 'a' && expected.has(']'))
    return { hint: 'Put a name with - in quotes, here and where it is called.' };
  if (token?.kind === 'a' && !expected.has('a') && expected.has('"') && /^[A-Z][A-Z0-9_]*$/.test(token.text))
    return { hint: `${token.text} is not defined here: #!define ${token.text} …, or put it in quotes.` };
  return {};
}

/** The scanner reports a string without an end, and goes on behind its line. */
function isClosed({ text }: Token): boolean {
  return text.length > 1 && text.at(-1) === text[0];
}

const oddOperators = ['===', '!~', '++', '--', '-=', '=>', '=<', '<>', '+='];
/** A run of operator tokens, without blanks between, that other languages know. */
function oddOperator(tokens: readonly Token[], at: number): { text: string; span: Token } | null {
  const sign = (token: Token | undefined): boolean => token !== undefined && /^[-!=~<>+*/%]+$/.test(token.text);
  const touching = (i: number): boolean => {
    const [a, b] = [tokens[i - 1], tokens[i]];
    return sign(a) && sign(b) && a!.file === b!.file && a!.end === b!.start;
  };
  let from = at;
  while (touching(from)) from--;
  let to = from;
  let text = tokens[from]?.text ?? '';
  while (touching(to + 1)) text += tokens[++to]!.text;
  if (!oddOperators.includes(text) || at > to) return null;
  return { text, span: { ...tokens[from]!, end: tokens[to]!.end } };
}

function describe(token: Token | undefined): string {
  if (!token) return 'the end';
  if (token.text === '') return 'the end of the block';
  if (token.kind === '"' || token.text.length > 30) return kindNames[token.kind];
  return `\`${token.text}\``;
}

/** What could have stood there, in few words. */
function summary(expected: ReadonlySet<string>): string {
  const words: string[] = [];
  const rest = new Set(expected);
  const take = (kinds: string, name: string): void => {
    if (![...kinds].every((k) => rest.has(k))) return;
    words.push(name);
    for (const k of kinds) rest.delete(k);
  };
  if (rest.has('I')) {
    for (const k of rest) if (k !== '}' && k !== 'E' && k !== 'C' && k !== 'D') rest.delete(k);
    words.push('a statement');
  }
  take('$"0@', 'a value');
  if (!words.includes('a value')) take('"0', 'a value');
  if (words.includes('a value')) for (const k of '%!~-tcmYaRfFszp6w{(¿[g]u.:') rest.delete(k);
  take('qb', 'an operator');
  if (words.includes('an operator')) for (const k of 'r*/-') rest.delete(k);
  for (const k of rest) if (k in kindNames) words.push(kindNames[k as TokenKind]);
  const unique = [...new Set(words)].slice(0, 5);
  if (unique.length === 0) return 'the end';
  return unique.length === 1 ? unique[0]! : `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`;
}

function isOperator(kind: string): boolean {
  return 'qrb*/=x.'.includes(kind);
}

function openParenthesis(kinds: readonly string[], at: number): number {
  let depth = 0;
  for (let i = at - 1; i >= 0; i--) {
    if (kinds[i] === ')') depth++;
    else if (kinds[i] === '(' && depth-- === 0) return i;
  }
  return -1;
}

// Blanking --------------------------------------------------------------------------------------------------------

interface Region {
  readonly from: number;
  /** Excluded. */
  readonly to: number;
  readonly as: string;
}

function blankable(kinds: readonly string[], open: number, at: number): Region {
  const from = statementStart(kinds, open, at);
  const first = kinds[from];
  if (first === 'C') {
    const colon = kinds.indexOf(':', from);
    if (colon > from && colon >= at) return { from: from + 1, to: colon, as: badExpressionKind };
  }
  if (first === 'I' || first === 'W' || first === 'S') {
    const body = bodyStart(kinds, at);
    if (body >= 0) return { from: from + 1, to: body, as: badExpressionKind };
  }
  return { from, to: statementEnd(kinds, Math.max(at, from)), as: badStatementKind };
}

function statementStart(kinds: readonly string[], open: number, at: number): number {
  for (let i = at - 1; i > open; i--) {
    const kind = kinds[i]!;
    if (kind === ';' || kind === '{' || kind === '}' || kind === badStatementKind) return i + 1;
    if (kind === ':' && isLabelEnd(kinds, i)) return i + 1;
  }
  return open + 1;
}

function isLabelEnd(kinds: readonly string[], colon: number): boolean {
  for (let i = colon - 1; i >= 0; i--) {
    const kind = kinds[i]!;
    if (kind === 'C' || kind === 'D') return true;
    if (kind === ';' || kind === '{' || kind === '}') return false;
  }
  return false;
}

/** The `{` of an if, while or switch whose condition is wrong; -1: its body is a single statement. */
function bodyStart(kinds: readonly string[], at: number): number {
  for (let i = at; i < kinds.length; i++) {
    if (kinds[i] === '{') return i;
    if (kinds[i] === ';' || kinds[i] === '}') return -1;
  }
  return -1;
}

function statementEnd(kinds: readonly string[], at: number): number {
  let i = at;
  while (i < kinds.length) {
    const kind = kinds[i]!;
    if (kind === ';') return i + 1;
    if (kind === '}') return i;
    if (kind === '{') {
      i = closing(kinds, i, kinds.length) + 1;
      if (kinds[i] !== 'E') return i;
    }
    i++;
  }
  return kinds.length - 1;
}

function closing(kinds: readonly string[], open: number, limit: number): number {
  let depth = 0;
  for (let i = open; i < limit; i++) {
    if (kinds[i] === '{') depth++;
    else if (kinds[i] === '}' && --depth === 0) return i;
  }
  return limit;
}

function blank({ tokens, kinds }: Work, { from, to, as }: Region): boolean {
  if (to <= from) {
    if (as !== badExpressionKind) return false;
    tokens.splice(from, 0, tokens[from]!);
    kinds.splice(from, 0, as);
    return true;
  }
  let changed = false;
  for (let i = from; i < to; i++) {
    if (kinds[i] !== as) changed = true;
    kinds[i] = as;
  }
  return changed;
}

function insert({ tokens, kinds }: Work, at: number, kind: TokenKind): boolean {
  const last = tokens[at - 1]!;
  tokens.splice(at, 0, { ...last, kind, text: '', start: last.end, leading: false });
  kinds.splice(at, 0, kind);
  return true;
}
