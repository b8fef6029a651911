/**
 * Which pseudo-variables, selects and transformations a recorded transcript of Kamailio shows with a value: read by a probe, or
 * in a log line that only one text in the cfg fits.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PvSyntax, parsePvSyntax } from '../compiler/3-bind/pv-syntax.js';
import { goldenPath } from '../test/differential/goldens.js';
import { loadGroups } from '../test/differential/groups.js';
import type { Group } from '../test/differential/scenario.js';
import type { StoredLog } from '../test/differential/table-log.js';

export interface ReadNames {
  /** Names without `$`. */
  readonly pvs: ReadonlySet<string>;
  /** Paths as read, without `@`. */
  readonly selects: ReadonlySet<string>;
  /** `s.len` */
  readonly transformations: ReadonlySet<string>;
}

/** A text of `xlog()`, and what it reads in turn. */
interface Shown {
  readonly pattern: RegExp;
  readonly reads: readonly PvSyntax[];
  /** The text up to its first variable. */
  readonly start: string;
  /** How much of it is not variable. */
  readonly certain: number;
}

const xlogs = /\bxlog[lm]?\(\s*(?:(?:"L_\w+"|L_\w+|"-?\d+")\s*,\s*)?"((?:[^"\\]|\\.)*)"/g;
const quote = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const plain = (literal: string): string =>
  literal.replace(/\\(.)/gs, (_, c: string) => (c === 'n' ? '\n' : c === 't' ? '\t' : c === 'r' ? '\r' : c));

function shown(text: string): Shown | null {
  const reads: PvSyntax[] = [];
  const literals: string[] = [];
  let from = 0;
  for (let at = text.indexOf('$'); at >= 0; at = text.indexOf('$', from)) {
    const syntax = parsePvSyntax(text, at);
    if ('error' in syntax) return null;
    reads.push(syntax);
    literals.push(text.slice(from, at));
    from = syntax.end;
  }
  literals.push(text.slice(from));
  if (reads.length === 0) return null;
  const source = literals.map((literal, i) => quote(i === reads.length ? literal.trimEnd() : literal)).join('(.*?)');
  return { pattern: new RegExp(`^${source}$`, 's'), reads, start: literals[0]!, certain: literals.join('').length };
}

/** A value that is there; where a text is taken apart in the wrong place, `<null>` shows in the middle. */
const there = (value: string | undefined): boolean => !!value && !value.includes('<null>');

const cfgOf = (group: Group): string | null =>
  group.text ??
  (isAbsolute(group.cfg)
    ? null
    : readFileSync(fileURLToPath(new URL(`../test/differential/cfgs/${group.cfg}`, import.meta.url)), 'latin1'));

export async function namesInGoldens(): Promise<ReadNames> {
  const pvs = new Set<string>();
  const selects = new Set<string>();
  const transformations = new Set<string>();
  const note = ({ name, key, transforms }: PvSyntax): void => {
    if (name === 'sel' && key) selects.add(key.replace(/\\?'/g, '"'));
    pvs.add(name);
    const last = transforms.at(-1);
    if (last) transformations.add(`${last.class}.${last.operation}`);
  };
  /** Entries are named without `$`; a line of transformations holds several results. */
  const noteProbe = (line: string): boolean => {
    const chain = /^t \w*(\{.*\})(?: \w+)?=\[(.*)\]$/s.exec(line);
    if (chain) {
      const [, operation] = /\{([\w.]+)[^{]*\}$/.exec(chain[1]!) ?? [];
      if (operation && chain[2]!.split(/\] \w+=\[/).some(there)) transformations.add(operation);
      return true;
    }
    const [, mark, entry, value] = /^(?:\w+ )?(r|s|at) (\S+.*?)=\[(.*)\]$/s.exec(line) ?? [];
    if (entry === undefined) return false;
    if (!there(value)) return true;
    const syntax = mark === 'at' ? null : parsePvSyntax(`$${entry}`, 0);
    if (syntax === null) selects.add(entry);
    else if (!('error' in syntax)) note(syntax);
    return true;
  };
  for (const group of await loadGroups()) {
    const cfg = cfgOf(group);
    if (cfg === null) continue;
    const texts = new Set([...cfg.matchAll(xlogs)].map((match) => plain(match[1]!)));
    const byStart = new Map<string, Shown[]>();
    for (const text of texts) {
      const found = shown(text);
      if (found === null || found.start.startsWith('r ') || text.startsWith('$var(at) ')) continue;
      const start = found.start.slice(0, 3);
      byStart.set(start, [...(byStart.get(start) ?? []), found]);
    }
    const seen = new Set<string>();
    for (const scenario of group.scenarios) {
      const path = goldenPath(group, scenario);
      if (!existsSync(path)) continue;
      const { log } = JSON.parse(readFileSync(path, 'utf8')) as { readonly log: StoredLog };
      // Of a table each row once, with the first value that is there.
      if ('passes' in log)
        for (const [name, ...values] of log.rows)
          noteProbe(`${log.passes[0]} ${name}=[${values.find((value) => there(value ?? '')) ?? values[0]}]`);
      for (const line of 'passes' in log ? log.others.map(([, other]) => other) : log) {
        const text = /<script>: (.*)$/s.exec(line)?.[1];
        if (text === undefined || seen.has(text)) continue;
        seen.add(text);
        if (noteProbe(text)) continue;
        const fitting = [3, 2, 1, 0].flatMap((n) =>
          (byStart.get(text.slice(0, n)) ?? []).flatMap((one) => {
            const values = one.pattern.exec(text)?.slice(1);
            return values ? [{ one, values }] : [];
          }),
        );
        // `$rc $ru` fits nearly every line: the text that says most is meant.
        const [first, second] = fitting.sort((a, b) => b.one.certain - a.one.certain);
        if (first === undefined || first.one.certain === second?.one.certain) continue;
        const { one, values } = first;
        for (const [i, read] of one.reads.entries()) if (there(values[i])) note(read);
      }
    }
  }
  return { pvs, selects, transformations };
}
