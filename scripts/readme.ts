/** Fills the generated parts of README.md, between their markers (example, diagnostics, compatibility), and makes docs/diagnostics.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { createNodeHost } from '../bin/node-host.js';
import { registry } from '../compiler/diagnostics/registry.js';
import { inOrder, renderPretty, summarize } from '../compiler/diagnostics/render.js';
import { coveragePage } from '../compiler/docs/coverage-page.js';
import { coverage, renderCoverage } from '../compiler/docs/coverage-table.js';
import { diagnosticPage } from '../compiler/docs/diagnostic-page.js';
import type { Host } from '../compiler/host.js';
import { check, compile } from '../compiler/index.js';
import { namesInTests } from './tested-names.js';
import { torturePage } from './torture-page.js';

export const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const fenced = (language: string, text: string) => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;

/** Sections by marker name. The cfgs are read as `kamailio.cfg`, so that paths do not show. */
async function sections(): Promise<Readonly<Record<string, string>>> {
  const real = await createNodeHost();
  const hostWith = (path: string): Host => ({
    ...real,
    readFile: (wanted) => (wanted === 'kamailio.cfg' ? real.readFile(join(root, path)) : real.readFile(wanted)),
  });

  const example = compile(hostWith('docs/readme/from.cfg'), 'kamailio.cfg', { version: '0.1.0' });
  if (!example.program) throw new Error('docs/readme/from.cfg does not compile');
  // The routes; what follows them is the table of settings and the source map.
  const typescript = example.program.text.split('\nconst routes:')[0]!;

  const { diagnostics } = check(hostWith('docs/readme/broken.cfg'), 'kamailio.cfg', {});
  const plain = pc.createColors(false);
  const sorted = inOrder(diagnostics);
  const said = [...sorted.map((d) => `${renderPretty(d, plain)}\n`), summarize(sorted)].join('\n');

  const declarations = real.moduleNames().map((name) => real.module(name)!);
  return {
    example: `${fenced('', read('docs/readme/from.cfg'))}\n\nbecomes\n\n${fenced('ts', typescript)}`,
    check: [
      fenced('', read('docs/readme/broken.cfg')),
      '`kamailio -c -f kamailio.cfg` (5.6.3) says',
      fenced('', read('docs/readme/broken.kamailio.txt')),
      'With these two corrected it says `config file ok`: the route that does not exist stops the start, the regular expression ' +
        'and the failure route go into service. `sipc check kamailio.cfg` says',
      fenced('', said),
    ].join('\n\n'),
    coverage: renderCoverage(coverage(declarations, real.catalog())),
  };
}

/** README.md as it should be. */
export async function generatedReadme(): Promise<string> {
  let text = read('README.md');
  for (const [name, content] of Object.entries(await sections())) {
    const begin = `<!-- ${name}:begin -->`;
    const end = `<!-- ${name}:end -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`README.md has no ${begin} … ${end}`);
    text = `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
  }
  return text;
}

/** docs/diagnostics.md as it should be. */
export const generatedDiagnostics = (): string => diagnosticPage([...registry.values()]);

/** docs/coverage.md as it should be. */
export async function generatedCoverage(): Promise<string> {
  const host = await createNodeHost();
  const declarations = host.moduleNames().map((name) => host.module(name)!);
  return coveragePage(declarations, host.catalog(), await namesInTests(root));
}

/** docs/torture.md as it should be. */
export const generatedTorture = torturePage;

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(root, 'README.md'), await generatedReadme());
  writeFileSync(join(root, 'docs/diagnostics.md'), generatedDiagnostics());
  writeFileSync(join(root, 'docs/coverage.md'), await generatedCoverage());
  writeFileSync(join(root, 'docs/torture.md'), generatedTorture());
}
