/** Module parameters: defaults, then the cfg's `modparam`s over them; live ones registered with the cfg framework. */
import { StartError } from '../errors.js';
import type { ModParam } from '../route/program.js';
import type { AnyModule } from '../sdk/context.js';
import type { ParamSpec } from '../sdk/define.js';
import type { LiveSetting } from '../settings.js';

export type ParamRecord = Record<string, unknown>;

/** What `me.params` holds: one value per declared parameter, an array for `many`. */
export function paramsOf(module: AnyModule, written: readonly ModParam[]): ParamRecord {
  const params: ParamRecord = {};
  for (const [name, spec] of Object.entries(module.params)) params[name] = spec.many ? [] : spec.default;
  for (const param of written) {
    if (param.module !== module.name) continue;
    const spec = Object.hasOwn(module.params, param.name) ? module.params[param.name] : undefined;
    if (!spec) throw new StartError('SIPC8010', `${param.at}: module ${module.name} has no parameter ${param.name}`);
    const problem = unfit(spec, param.value);
    if (problem) throw new StartError('SIPC8011', `${param.at}: ${module.name}.${param.name} ${problem}`);
    const list = params[param.name];
    if (spec.many && Array.isArray(list))
      list.push(spec.takes ? [param.value, ...spec.takes.map((other) => params[other])] : param.value);
    else params[param.name] = param.value;
  }
  return params;
}

/** What is wrong with a value, or null. */
export function unfit(spec: ParamSpec, value: unknown): string | null {
  if (spec.type === 'int') {
    if (typeof value !== 'number') return 'has to be a number';
    if (spec.min !== undefined && value < spec.min) return `has to be at least ${spec.min}`;
    if (spec.max !== undefined && value > spec.max) return `has to be at most ${spec.max}`;
  }
  if (spec.type === 'str') {
    if (typeof value !== 'string') return 'has to be text';
    if (spec.values && !spec.values.includes(value)) return `has to be one of ${spec.values.join(', ')}`;
  }
  return null;
}

/** Live parameters as the cfg framework sees them. */
export function liveParams(module: AnyModule, params: ParamRecord): LiveSetting[] {
  return Object.entries(module.params).flatMap(([name, spec]) => {
    if (!spec.live || (spec.type !== 'int' && spec.type !== 'str')) return [];
    const { type, doc, min, max } = spec;
    const [group, shown = name] = typeof spec.live === 'string' ? spec.live.split('.') : [module.name];
    const scalar = (value: unknown) => (typeof value === 'number' || typeof value === 'string' ? value : undefined);
    return [
      {
        group: group ?? module.name,
        name: shown,
        type,
        doc,
        default: scalar(spec.default),
        min,
        max,
        get: () => scalar(params[name]),
        set: (value: number | string) => {
          params[name] = value;
        },
      },
    ];
  });
}
