/** Emitting and bundling. These are mistakes of sipc, or of the machine, not of the cfg. */
import { defineDiagnostic } from './define.js';

export const emittedTypeError = defineDiagnostic('SIPC7001', 'emitted-type-error', {
  severity: 'error',
  message: (a: { problem: string; line: number }) =>
    `what was emitted for this does not type-check (line ${a.line}): ${a.problem}`,
  why: 'This is a mistake in sipc, or in the declaration of the function that is called.',
  fix: () => 'report it with the cfg line; sipc run does not make this check',
  bad: '',
  good: '',
});

export const bundleFailed = defineDiagnostic('SIPC7002', 'bundle-failed', {
  severity: 'error',
  message: (a: { problem: string }) => `bundling failed: ${a.problem}`,
  why: 'The program was compiled; putting it together with the runtime did not work.',
  fix: () => 'run npm ci again; report it if it stays',
  bad: '',
  good: '',
});
