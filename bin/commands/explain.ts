/** `sipc explain`: a diagnostic's reason, fix and examples. The example is really checked, so that its report is shown. */
import pc from 'picocolors';
import { nearest } from '../../compiler/diagnostics/near.js';
import { type AnyKind, findKind, registry } from '../../compiler/diagnostics/registry.js';
import { renderPretty } from '../../compiler/diagnostics/render.js';
import { check } from '../../compiler/index.js';
import type { CommandSpec, Io } from '../command.js';
import { createNodeHost } from '../node-host.js';

export const command: CommandSpec = {
  summary: 'Says what a diagnostic means: why it matters, what to do, a cfg that has it and one that does not.',
  arguments: [{ name: '[code]', doc: 'SIPC3004, 3004 or the short name; none lists them all' }],
  options: [],
  details: 'Example:\n  sipc explain SIPC2002\n\nExit code: 0, or 2 when there is no such diagnostic.',
  async run([wanted], _options, io) {
    if (wanted === undefined) {
      for (const kind of registry.values()) io.out(`${kind.code}  ${kind.severity.padEnd(8)}  ${kind.slug}\n`);
      return 0;
    }
    const kind = findKind(wanted);
    if (!kind) {
      const slugs = [...registry.values()].map((k) => k.slug);
      const near = nearest(wanted, [...registry.keys(), ...slugs], 3);
      io.err(`sipc explain: there is no diagnostic ${wanted}${near ? `; did you mean ${near}?` : ''}\n`);
      return 2;
    }
    const colors = pc.createColors(io.color);
    const parts = [
      colors.bold(`${kind.code} ${kind.slug} (${kind.severity})`),
      kind.why,
      'A cfg that has it:',
      indented(kind.bad),
      await reportOf(kind, io),
      'One that does not:',
      indented(kind.good),
    ];
    io.out(`${parts.filter((part) => part !== '').join('\n\n')}\n`);
    return 0;
  },
};

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '    ').trimEnd();
}

/** What checking the bad example says, place and fix included. */
async function reportOf(kind: AnyKind, io: Io): Promise<string> {
  const host = {
    ...(await createNodeHost()),
    readFile: (path: string) => (path === 'example.cfg' || path === 'case.cfg' ? { text: kind.bad } : null),
    resolve: (_from: string, path: string) => path,
  };
  const found = check(host, 'example.cfg').diagnostics.find((d) => d.code === kind.code);
  return found ? indented(renderPretty(found, pc.createColors(io.color))) : '';
}
