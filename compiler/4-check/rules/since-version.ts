/**
 * Names newer than the Kamailio a cfg is written for, which a comment `# kamailio-target: 5.6` in it says. Evidence: the
 * index of names newer than 5.6.3, with the version they came with. A cfg without the comment is for any version.
 */
import { own } from '../../3-bind/scope.js';
import { sinceVersion } from '../../diagnostics/6xxx-network.js';
import type { Span } from '../../span.js';
import { type Rule, sourceFiles } from '../lint.js';

const declared = /^[ \t]*#[ \t]*kamailio-target:[ \t]*(\d+\.\d+)/m;

export const checkVersions: Rule = ({ program, calls, versions, found }) => {
  const target = [...sourceFiles(program)].map(({ text }) => declared.exec(text)?.[1]).find((v) => v !== undefined);
  const newer = versions?.().newer;
  if (target === undefined || !newer) return;
  const report = (span: Span, what: string, since: string | undefined): void => {
    if (since !== undefined && isBefore(target, since)) found.report(sinceVersion, span, { what, since, target });
  };
  const loaded = new Set(program.modules.map((m) => m.name));
  for (const { name, node } of program.modules)
    if (node) report(node.name.span, `the module ${name}`, own(newer.modules, name));
  for (const item of program.config.items) {
    if (item.kind !== 'modparam') continue;
    const name = item.name.text;
    for (const module of item.modules.text.split('|'))
      report(item.name.span, `the parameter ${name} of ${module}`, own(newer.params, `${module}:${name}`));
  }
  for (const { node } of calls)
    for (const module of loaded)
      report(node.name.span, `${node.name.text}()`, own(newer.functions, `${module}:${node.name.text}`));
};

/** Of two versions, `5.8` and `6.0`. */
function isBefore(a: string, b: string): boolean {
  const [major = 0, minor = 0] = a.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = b.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
