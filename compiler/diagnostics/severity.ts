/** Order of the severities, and what fails a run. */
import type { Diagnostic, Severity } from './define.js';

/** Security findings stand between what Kamailio refuses and what is merely suspicious. */
const rank: Readonly<Record<Severity, number>> = { error: 4, security: 3, warning: 2, hint: 1 };

export const thresholds = ['error', 'warning', 'hint', 'never'] as const;
/** `--fail-on`. */
export type Threshold = (typeof thresholds)[number];

export function fails({ severity }: Pick<Diagnostic, 'severity'>, threshold: Threshold): boolean {
  return threshold !== 'never' && rank[severity] >= rank[threshold];
}

/** A finding of a lint rule: it never keeps a cfg from being built, whatever its severity. */
export const isLint = ({ code }: Pick<Diagnostic, 'code'>): boolean => code.startsWith('SIPC6');
export const blocks = (d: Pick<Diagnostic, 'code' | 'severity'>): boolean => d.severity === 'error' && !isLint(d);
