/** Types of `sipc/modules` and `sipc/pvs`, made from the declarations: what the emitted program is checked against. */
import type { ArgSpec } from '../../runtime/sdk/define.js';
import type { FunctionDeclaration, ModuleDeclaration, PvDeclaration } from '../declarations.js';
import { propertyKey } from './text.js';

const received: Readonly<Record<ArgSpec['kind'], string>> = {
  str: 'string',
  int: 'number',
  varStr: 'string',
  varInt: 'number',
  format: 'Format',
  regex: 'Regex | null',
  subst: 'Substitution',
  pv: 'PvRef | null',
  pvWritable: 'PvRef | null',
  route: 'string',
  flag: 'number',
  avpFlag: 'number',
  avpName: 'string',
  oneOf: 'string',
  hostPort: 'string',
  hdrName: 'string',
  name: 'string',
};

export function modulesTypes(modules: readonly ModuleDeclaration[]): string {
  const lines = ["import type { Format, PvRef, Regex, RouteContext, Substitution, Verdict } from 'sipc/program';"];
  modules.forEach((module, i) => {
    lines.push(`declare const m${i}: {`);
    for (const f of Object.values(module.functions)) lines.push(`  ${propertyKey(f.name)}${signature(f)};`);
    lines.push('};', `export { m${i} as ${JSON.stringify(module.name)} };`);
  });
  return `${lines.join('\n')}\n`;
}

function signature(f: FunctionDeclaration): string {
  const args = f.args.map((a, i) => argument(a, i, f.args));
  const result = { never: 'Verdict', maybe: 'Verdict | Promise<Verdict>', always: 'Promise<Verdict>' }[f.async];
  return `(${['ctx: RouteContext', ...args].join(', ')}): ${result}`;
}

function argument(spec: ArgSpec, i: number, all: readonly ArgSpec[]): string {
  const type =
    spec.kind === 'oneOf' && spec.values ? spec.values.map((v) => JSON.stringify(v)).join(' | ') : received[spec.kind];
  if (spec.rest) return `...a${i}: (${type})[]`;
  const optional = all.slice(i).every((a) => a.optional || a.rest);
  return optional ? `a${i}?: ${type}` : `a${i}: ${type}${spec.optional ? ' | undefined' : ''}`;
}

export function pvsTypes(modules: readonly ModuleDeclaration[]): string {
  const lines = ["import type { Pv, Value } from 'sipc/program';"];
  const seen = new Set<string>();
  for (const module of modules)
    for (const pv of Object.values(module.pvs)) {
      if (seen.has(pv.name)) continue;
      lines.push(`declare const p${seen.size}: Pv<${valueType(pv)}>;`);
      lines.push(`export { p${seen.size} as ${JSON.stringify(`$${pv.name}`)} };`);
      seen.add(pv.name);
    }
  return `${lines.join('\n')}\n`;
}

function valueType(pv: PvDeclaration): string {
  const type = { str: 'string', int: 'number', any: 'Value' }[pv.type];
  return pv.nullable && pv.type !== 'any' ? `${type} | null` : type;
}
