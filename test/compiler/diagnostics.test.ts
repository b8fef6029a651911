/** Each kind's `bad` gives exactly its code, and its `good` does not give it. */
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { Diagnostics } from '../../compiler/diagnostics/define.js';
import { registry } from '../../compiler/diagnostics/registry.js';
import { isLint } from '../../compiler/diagnostics/severity.js';
import { coverage } from '../../compiler/docs/coverage-table.js';
import type { Host } from '../../compiler/host.js';
import { check } from '../../compiler/index.js';
import type { Span } from '../../compiler/span.js';
import { walkConfig } from '../../compiler/visit.js';
import { parseText } from '../support/parse.js';

const files = { 'other.cfg': '' };
const byRange = (digits: string) => [...registry.values()].filter((kind) => digits.includes(kind.code[4]!));

describe('syntax', () => {
  const codes = (text: string) => [...new Set(parseText(text, { files }).diagnostics.map((d) => d.code))];
  it.each(byRange('12').map((kind) => [`${kind.code} ${kind.slug}`, kind] as const))('%s', (_, kind) => {
    expect(codes(kind.bad)).toEqual([kind.code]);
    expect(codes(kind.good)).not.toContain(kind.code);
  });
});

describe('names, types, routes', async () => {
  const real = await createNodeHost();
  // What lint says about a short example is shown where lint is meant.
  const checked = (text: string, lint = false) => {
    const host: Host = {
      ...real,
      readFile: (path) => (path === 'case.cfg' ? { text } : null),
      resolve: (_, path) => path,
      env: () => undefined,
    };
    return check(host, 'case.cfg', { lint });
  };
  const found = (text: string, lint = false) => checked(text, lint).diagnostics;
  // A rule about a module that sipc lacks is shown all the same; that it lacks it is another diagnostic.
  const codes = (text: string, lint: boolean) => [
    ...new Set(
      found(text, lint)
        .filter((d) => !lint || !d.slug.startsWith('missing-'))
        .map((d) => d.code),
    ),
  ];
  it.each(byRange('3456').map((kind) => [`${kind.code} ${kind.slug}`, kind] as const))('%s', (_, kind) => {
    const lint = isLint(kind);
    expect(codes(kind.bad, lint)).toEqual([kind.code]);
    expect(codes(kind.good, lint)).not.toContain(kind.code);
  });

  it.each(
    byRange('6')
      .filter(({ code }) => !code.startsWith('SIPC69'))
      .map((kind) => [`${kind.code} ${kind.slug}`, kind] as const),
  )('%s can be ignored with a reason', (_, kind) => {
    const { config, diagnostics } = checked(kind.bad, true);
    // Above the statement or top-level item each stands in, from the last to the first.
    const places: Span[] = [];
    const note = (span: Span): undefined => void places.push(span);
    walkConfig(config, {
      item: (item) => note(item.kind === 'route' ? item.head : item.span),
      statement: (statement) => note(statement.span),
    });
    const starts = diagnostics
      .filter((d) => d.code === kind.code)
      .map(({ span }) =>
        Math.max(...places.filter((p) => p.start <= span.start && span.start < p.end).map((p) => p.start)),
      );
    let text = kind.bad;
    for (const start of [...new Set(starts)].sort((a, b) => b - a))
      text = `${text.slice(0, start)}\n# sipc-ignore ${kind.code}: known\n${text.slice(start)}`;
    const left = checked(text, true).diagnostics.map((d) => d.code);
    expect(left).not.toContain(kind.code);
    expect(left).not.toContain('SIPC6901');
  });

  // Else a call of it would be told to load a module that is loaded: SIPC3005 and SIPC3007 have to come back for it.
  it('no function and no pseudo-variable of a module there is is missing', () => {
    const rows = coverage(
      real.moduleNames().map((name) => real.module(name)!),
      real.catalog(),
    );
    const lacks = ([done, all]: readonly [number, number]) => done < all;
    expect(rows.filter(({ functions, pvs }) => lacks(functions) || lacks(pvs)).map(({ module }) => module)).toEqual([]);
  });

  it('every error says what to do', () => {
    const errors = byRange('123456').filter(({ severity }) => severity === 'error');
    const withoutFix = errors.filter(
      ({ code, bad }) => !found(bad, isLint({ code })).find((d) => d.code === code)?.fix,
    );
    expect(withoutFix.map(({ code, slug }) => `${code} ${slug}`)).toEqual([]);
  });
});

it('codes and slugs are unique, and codes are in their file', () => {
  const kinds = [...registry.values()];
  expect(new Set(kinds.map((k) => k.slug)).size).toBe(kinds.length);
  for (const { code } of kinds) expect(code).toMatch(/^SIPC[1-8]\d{3}$/);
});

it('a report carries the fix only when there is one', () => {
  const found = new Diagnostics();
  expect(found.hasErrors).toBe(false);
  const { diagnostics } = parseText('request_route {\n  exit\n}\n');
  expect(diagnostics[0]).toMatchObject({ severity: 'error', fix: 'Add `;`.' });
});
