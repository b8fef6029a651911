/** test/cases/emit: each folder's input.cfg gives expected.ts. UPDATE=1 rewrites them. All of them type-check. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { describe, expect, it } from 'vitest';
import { createNodeHost, packageRoot } from '../../bin/node-host.js';
import { typeProblems } from '../../compiler/5-emit/type-check.js';
import { compile } from '../../compiler/index.js';

const folder = new URL('../cases/emit/', import.meta.url);
const stock = '/etc/kamailio/kamailio.cfg';
const names = readdirSync(folder).filter((name) => existsSync(new URL(`${name}/input.cfg`, folder)));
const host = await createNodeHost();

function emitted(text: string, path: string) {
  const { program, diagnostics } = compile(
    { ...host, readFile: (wanted) => (wanted === path ? { text } : null), resolve: (_, p) => p, env: () => undefined },
    path,
    { version: '0', lint: false },
  );
  expect(diagnostics.filter((d) => d.severity === 'error').map((d) => d.message)).toEqual([]);
  return program!;
}

function golden(name: string, got: string): void {
  const expected = new URL(`${name}/expected.ts`, folder);
  if (process.env.UPDATE) {
    mkdirSync(new URL(`${name}/`, folder), { recursive: true });
    writeFileSync(expected, got);
  }
  expect(got).toBe(existsSync(expected) ? readFileSync(expected, 'utf8') : '');
}

const inputs = new Map(names.map((name) => [name, readFileSync(new URL(`${name}/input.cfg`, folder), 'latin1')]));
const programs = new Map<string, string>();

describe('emitted code', () => {
  it.each(names)('%s', (name) => {
    const { text } = emitted(inputs.get(name)!, 'input.cfg');
    programs.set(name, text);
    golden(name, text);
  });

  it.skipIf(!existsSync(stock))(`stock (skipped where ${stock} is absent)`, () => {
    const { text } = emitted(readFileSync(stock, 'latin1'), stock);
    programs.set('stock', text);
    golden('stock', text);
  });

  it('type-checks', async () => {
    const modules = host.moduleNames().map((name) => host.module(name)!);
    const problems = await typeProblems([...programs.values()], modules, packageRoot());
    const lines = [...programs.keys()].flatMap((name, i) =>
      problems[i]!.map(({ problem, line }) => `${name}:${line} ${problem}`),
    );
    expect(lines).toEqual([]);
  }, 60_000);
});

describe('source map', () => {
  it('leads from each statement to its line', () => {
    const text = inputs.get('waiting')!;
    const program = emitted(text, 'input.cfg');
    const map = new SourceMap(program.map as unknown as SourceMapPayload);
    const lineIn = (all: string, part: string) => all.split('\n').findIndex((l) => l.includes(part)) + 1;
    const at = (part: string) => {
      const line = lineIn(program.text, part);
      const column = program.text.split('\n')[line - 1]!.indexOf(part);
      const entry = map.findEntry(line - 1, column);
      if (!('originalLine' in entry)) return null;
      return { source: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn };
    };
    expect(at('sl.sl_reply_error')).toMatchObject({ source: 'input.cfg', line: lineIn(text, 'sl_reply_error') });
    expect(at('siputils.has_totag')).toMatchObject({ line: lineIn(text, 'has_totag'), column: 5 });
    expect(at('export async function route_RELAY')).toMatchObject({ line: lineIn(text, 'route[RELAY]') });
  });
});
