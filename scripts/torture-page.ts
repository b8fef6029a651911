/** docs/torture.md: what each torture message asks for, what Kamailio does and what we do. */
import { kamailioOutcomes, type Outcome, type Suite, suites } from '../test/conformance/torture/messages.js';
import { differing, required, unmet } from '../test/conformance/torture/required.js';

const titles: Record<Suite, string> = {
  rfc4475: 'RFC 4475, torture messages',
  rfc5118: 'RFC 5118, the same for IPv6',
};

export function torturePage(): string {
  const kamailio = kamailioOutcomes();
  const all = suites.flatMap((suite) => Object.entries(required[suite]));
  const met = (outcomeOf: (name: string) => Outcome): number =>
    all.filter(([name, requirement]) => requirement.met(outcomeOf(name))).length;
  const ours = (name: string): Outcome => differing[name]?.outcome ?? kamailio[name]!;
  const tables = suites.map((suite) => {
    const rows = Object.entries(required[suite]).map(([name, { section, asks }]) => {
      const note = differing[name]?.why ?? unmet[name] ?? '';
      const said = name in differing ? text(ours(name)) : 'the same';
      return `| ${name} | ${section} | ${asks} | ${text(kamailio[name]!)} | ${said} | ${name in unmet ? 'no' : 'yes'} | ${note} |`;
    });
    return `## ${titles[suite]}\n\n| message | section | what a proxy or registrar is asked to do | Kamailio 5.6.3 | sipc | met | why |\n| --- | --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Torture messages

Made by \`npm run readme\` from \`test/conformance/torture\`, which plays each message to a [proxy and registrar](../test/conformance/torture/proxy.cfg)
and holds every row. Of ${all.length} messages sipc does with ${met(ours)} what the RFC asks for, Kamailio with ${met((name) => kamailio[name]!)}.
*Dropped* means without an answer, and counted where statistics are read.

${tables.join('\n')}`;
}

function text({ forwarded, answer, contact, response }: Outcome): string {
  if (answer !== undefined) {
    const uris = [...(contact ?? '').matchAll(/<([^>]*)>/g)].map((match) => code(match[1]!));
    return `${answer}${uris.length > 0 ? `, bound: ${uris.join(' and ')}` : ''}`;
  }
  if (forwarded !== undefined) return `sent on as ${code(forwarded)}`;
  return response ? 'taken, goes nowhere' : 'dropped';
}
/** Blanks and bars a table would lose. */
const code = (line: string): string => {
  const ticks = line.includes('`') ? '``' : '`';
  return `${ticks}${line.replaceAll('|', '\\|').replace(/ +$/, (blanks) => '·'.repeat(blanks.length))}${ticks}`;
};
