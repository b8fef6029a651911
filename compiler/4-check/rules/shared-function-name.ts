/**
 * Two loaded modules have a function of this name, and both would do. Evidence: rtpengine and rtpproxy, start_recording(), with
 * 5.6.3: the one loaded last is called, whichever was meant.
 */
import { arityFits } from '../../3-bind/args.js';
import { allowedIn } from '../../3-bind/calls.js';
import { sharedFunctionName } from '../../diagnostics/6xxx-lint.js';
import { functionOf, type Rule } from '../lint.js';

export const checkSharedNames: Rule = ({ program, calls, found }) => {
  const told = new Set<string>();
  for (const site of calls) {
    const call = functionOf(site);
    const name = site.node.name.text;
    if (!call || call.module === 'core' || told.has(name)) continue;
    const other = program.modules.find(({ name: module, declaration, node }) => {
      const spec = declaration && Object.hasOwn(declaration.functions, name) ? declaration.functions[name] : undefined;
      if (!node || module === call.module || !spec) return false;
      return arityFits(spec.args, site.node.args.length) && allowedIn(spec.routes, site.route.kinds);
    });
    if (!other?.node) continue;
    told.add(name);
    found.report(sharedFunctionName, site.node.name.span, { name, module: call.module, other: other.name }, [
      { span: other.node.name.span, message: `${other.name} is loaded here` },
    ]);
  }
};
