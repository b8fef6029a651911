/**
 * What a lint rule says, be it an error, fails a check and no build; every example of every rule is emitted, as Kamailio
 * starts it or at least reads it. What Kamailio refuses is not emitted.
 */
import { expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { registry } from '../../compiler/diagnostics/registry.js';
import { blocks, fails, isLint } from '../../compiler/diagnostics/severity.js';
import { compile } from '../../compiler/index.js';

const real = await createNodeHost();
const built = (text: string) =>
  compile(
    { ...real, readFile: () => ({ text }), resolve: (_: string, path: string) => path, env: () => undefined },
    'case.cfg',
    // What sipc lacks is not what this is about.
    { allowMissing: true },
  );
const rules = [...registry.values()].filter(isLint);

it.each(rules.map((kind) => [`${kind.code} ${kind.slug}`, kind] as const))(
  '%s does not keep a cfg from being built',
  (_, kind) => {
    const { diagnostics, program } = built(kind.bad);
    const own = diagnostics.filter((d) => d.code === kind.code);
    expect(own.length).toBeGreaterThan(0);
    expect(own.some(blocks)).toBe(false);
    expect(program?.text ?? diagnostics).toContain('request_route');
    const failing = { error: 'error', security: 'warning', warning: 'warning', hint: 'hint' } as const;
    expect(own.every((d) => fails(d, failing[kind.severity]) && !fails(d, 'never'))).toBe(true);
  },
);

it('what Kamailio refuses does', () => {
  expect(built('request_route { no_such_function(); }').program).toBeNull();
});
