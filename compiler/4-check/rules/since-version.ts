/**
 * Names newer than the Kamailio a cfg is written for, which a comment `# kamailio-target: 5.6` in it says. Evidence: the
 * index of names per version; it knows 5.6.3 and the newest one. A cfg without the comment is for any version.
 */
import { sinceVersion } from '../../diagnostics/6xxx-network.js';
import type { Span } from '../../span.js';
import { type Rule, sourceFiles } from '../lint.js';

const declared = /^[ \t]*#[ \t]*kamailio-target:[ \t]*(\d+\.\d+)/m;

export const checkVersions: Rule = ({ program, calls, versions, found }) => {
  const target = [...sourceFiles(program)].map(({ text }) => declared.exec(text)?.[1]).find((v) => v !== undefined);
  if (target === undefined || Number.parseFloat(target) > 5.6) return;
  const newer = versions?.().newer;
  if (!newer) return;
  const report = (span: Span, what: string): void => found.report(sinceVersion, span, { what, target });
  const loaded = new Set(program.modules.map((m) => m.name));
  for (const { name, node } of program.modules)
    if (node && newer.modules.includes(name)) report(node.name.span, `the module ${name}`);
  for (const item of program.config.items) {
    if (item.kind !== 'modparam') continue;
    const owner = item.modules.text.split('|').find((m) => newer.params.includes(`${m}:${item.name.text}`));
    if (owner !== undefined) report(item.name.span, `the parameter ${item.name.text} of ${owner}`);
  }
  const functions = new Map(
    newer.functions.map((entry) => [entry.slice(entry.indexOf(':') + 1), entry.split(':')[0]!]),
  );
  for (const { node } of calls) {
    const owner = functions.get(node.name.text);
    if (owner !== undefined && loaded.has(owner)) report(node.name.span, `${node.name.text}()`);
  }
};
