/**
 * What machines read, for the example of every diagnostic: JSON has exactly the fields that were promised, SARIF what 2.1.0
 * requires, JUnit is XML, a GitHub command is one line. Texts that are written to break out of them do not.
 */
import { DOMParser, type Element } from '@xmldom/xmldom';
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import type { Diagnostic } from '../../compiler/diagnostics/define.js';
import { renderGithub } from '../../compiler/diagnostics/github.js';
import { renderJunit } from '../../compiler/diagnostics/junit.js';
import { registry } from '../../compiler/diagnostics/registry.js';
import { inOrder, toJson } from '../../compiler/diagnostics/render.js';
import { renderSarif } from '../../compiler/diagnostics/sarif.js';
import { check } from '../../compiler/index.js';

const real = await createNodeHost();
const hostile = '<a b="c">&]]>::error file=x::%0A\x01\x1b[31m,:%';
const found = (text: string, path = 'dir/a #1%.cfg'): Diagnostic[] =>
  inOrder(
    check(
      {
        ...real,
        readFile: (wanted) => (wanted === path ? { text } : null),
        resolve: (_, name) => name,
        env: () => undefined,
      },
      path,
    ).diagnostics,
  );
const all: readonly (readonly [name: string, diagnostics: readonly Diagnostic[]])[] = [
  ...[...registry.values()].map((kind) => [kind.code, found(kind.bad)] as const),
  [
    'hostile text',
    found(
      `#!define X "${hostile.replaceAll('"', '\\"')}"\nrequest_route { route("${hostile.replaceAll('"', '\\"')}"); $no\x02such; }\n`,
    ),
  ],
  ['no diagnostic', []],
];

type Json = Readonly<Record<string, unknown>>;
const place = ['file', 'line', 'column', 'endLine', 'endColumn'];

describe.each(all)('%s', (_, diagnostics) => {
  it('JSON', () => {
    for (const json of diagnostics.map((d): Json => JSON.parse(JSON.stringify(toJson(d))) as Json)) {
      const { fix, related, ...rest } = json;
      expect(Object.keys(rest)).toEqual(['code', 'slug', 'severity', 'message', ...place]);
      expect(rest.code).toMatch(/^SIPC\d{4}$/);
      expect(['error', 'security', 'warning', 'hint']).toContain(rest.severity);
      expect((rest.line as number) >= 1 && (rest.column as number) >= 1).toBe(true);
      expect(
        (rest.endLine as number) > (rest.line as number) || (rest.endColumn as number) >= (rest.column as number),
      ).toBe(true);
      if (fix !== undefined) expect(fix).toMatch(/./);
      for (const other of (related as Json[] | undefined) ?? [])
        expect(Object.keys(other)).toEqual(['message', ...place]);
    }
  });

  it('SARIF 2.1.0', () => {
    const log = JSON.parse(renderSarif(diagnostics, '1.2.3')) as Sarif;
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-2.1.0') as string });
    const [run] = log.runs;
    expect(log.runs).toHaveLength(1);
    expect(run!.columnKind).toBe('utf16CodeUnits');
    const { driver } = run!.tool;
    expect(driver).toMatchObject({ name: 'sipc', version: '1.2.3', semanticVersion: '1.2.3' });
    expect(new Set(driver.rules.map((r) => r.id)).size).toBe(driver.rules.length);
    for (const rule of driver.rules) {
      expect(rule.shortDescription.text).toMatch(/./);
      expect(rule.fullDescription.text).toMatch(/./);
      expect(levels).toContain(rule.defaultConfiguration.level);
    }
    expect(run!.results).toHaveLength(diagnostics.length);
    for (const result of run!.results) {
      expect(driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
      expect(levels).toContain(result.level);
      expect(result.message.text).toMatch(/./);
      expect(result.locations).toHaveLength(1);
      for (const { physicalLocation } of [...result.locations, ...(result.relatedLocations ?? [])]) {
        // RFC 3986: nothing that would begin a fragment or a query, and percent only as an escape.
        expect(physicalLocation.artifactLocation.uri).toMatch(/^(?:[^#?%\s]|%[0-9A-F]{2})+$/i);
        region(physicalLocation.region);
      }
      for (const { artifactChanges } of result.fixes ?? [])
        for (const { replacements } of artifactChanges) {
          expect(replacements.length).toBeGreaterThan(0);
          for (const { deletedRegion } of replacements) region(deletedRegion);
        }
    }
  });

  it('JUnit', () => {
    const text = renderJunit(diagnostics, 'a <"&> .cfg', 'hint');
    const problems: string[] = [];
    const root = new DOMParser({ onError: (_level, message) => problems.push(message) }).parseFromString(
      text,
      'text/xml',
    );
    expect(problems).toEqual([]);
    const suites = root.documentElement as Element;
    expect(suites.tagName).toBe('testsuites');
    const cases = suites.getElementsByTagName('testcase');
    expect(cases.length).toBe(Math.max(1, diagnostics.length));
    expect(Number(suites.getAttribute('tests'))).toBe(cases.length);
    expect(Number(suites.getAttribute('failures'))).toBe(suites.getElementsByTagName('failure').length);
  });

  it('GitHub commands', () => {
    const lines = renderGithub(diagnostics).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(diagnostics.length);
    for (const line of lines)
      expect(line).toMatch(
        /^::(?:error|warning|notice) file=[^,:]+,line=\d+,endLine=\d+(?:,col=\d+,endColumn=\d+)?,title=SIPC\d{4} [\w-]+::[^\n\r]+$/,
      );
  });
});

const levels = ['error', 'warning', 'note'];
interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}
interface Location {
  readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: Region };
}
interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly columnKind: string;
    readonly tool: {
      readonly driver: {
        readonly rules: readonly {
          readonly id: string;
          readonly shortDescription: { readonly text: string };
          readonly fullDescription: { readonly text: string };
          readonly defaultConfiguration: { readonly level: string };
        }[];
      };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly Location[];
      readonly relatedLocations?: readonly Location[];
      readonly fixes?: readonly {
        readonly artifactChanges: readonly { readonly replacements: readonly { readonly deletedRegion: Region }[] }[];
      }[];
    }[];
  }[];
}

function region({ startLine, startColumn, endLine, endColumn }: Region): void {
  expect(Math.min(startLine, startColumn, endLine, endColumn)).toBeGreaterThanOrEqual(1);
  expect(endLine > startLine || endColumn >= startColumn).toBe(true);
}
