/** docs/diagnostics.md: every diagnostic, from its declaration. */
import type { AnyKind } from '../diagnostics/registry.js';

const chapters: Readonly<Record<string, string>> = {
  1: 'Preprocessing',
  2: 'Syntax',
  3: 'Names',
  4: 'Arguments and types',
  5: 'Route kinds and flow',
  6: 'Lint',
  7: 'Emitting and bundling',
  8: 'Run time',
};
const about: Readonly<Record<string, string>> = {
  3: 'A slug that begins with `missing-` is a name that Kamailio has and sipc does not have yet.',
  6: 'Kamailio takes what these are about. None of them keeps a cfg from being built; `--fail-on` decides what fails CI, and `# sipc-ignore CODE: reason` above a statement silences one there.',
};

export function diagnosticPage(kinds: readonly AnyKind[]): string {
  const byChapter = grouped(kinds);
  const parts = [
    '# Diagnostics',
    '',
    'Made from the declarations in `compiler/diagnostics` by `npm run readme`. `sipc explain CODE` shows one of them, with its report.',
    '',
  ];
  for (const [digit, title] of Object.entries(chapters)) {
    const list = byChapter.get(digit) ?? [];
    if (list.length === 0) continue;
    parts.push(`## ${title}`, '', ...(about[digit] ? [about[digit], ''] : []));
    parts.push('| code | slug | severity |', '| --- | --- | --- |');
    for (const k of list) parts.push(`| [${k.code}](#${anchor(k)}) | \`${k.slug}\` | ${k.severity} |`);
    parts.push('');
    for (const k of list) parts.push(...section(k));
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

const chapterOf = (kind: AnyKind): string => kind.code[4]!;
function grouped(kinds: readonly AnyKind[]): Map<string, AnyKind[]> {
  const found = new Map<string, AnyKind[]>();
  for (const kind of kinds) found.set(chapterOf(kind), [...(found.get(chapterOf(kind)) ?? []), kind]);
  return found;
}

const anchor = (k: AnyKind): string => `${k.code} ${k.slug}`.toLowerCase().replaceAll(' ', '-');

function section(k: AnyKind): string[] {
  return [
    `### ${k.code} ${k.slug}`,
    '',
    k.why,
    '',
    'Has it:',
    '',
    fenced(k.bad),
    '',
    'Has it not:',
    '',
    fenced(k.good),
    '',
  ];
}

/** A fence longer than any run of back-ticks inside. */
function fenced(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}\n${text.trimEnd()}\n${fence}`;
}
