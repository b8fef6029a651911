/** `# sipc-ignore CODE: reason`. */
import { defineDiagnostic } from './define.js';

export const unusedIgnore = defineDiagnostic('SIPC6901', 'unused-ignore', {
  severity: 'warning',
  message: (a: { code: string; why: 'nothing' | 'error' | 'unknown' }) =>
    a.why === 'error'
      ? `${a.code} is an error here, and errors cannot be ignored`
      : a.why === 'unknown'
        ? `there is no diagnostic ${a.code}`
        : `${a.code} is not reported for what follows`,
  why: 'An ignore that hides nothing would hide the next mistake of that kind.',
  fix: (a) => (a.why === 'error' ? 'correct the mistake' : `remove ${a.code} here`),
  bad: '# sipc-ignore SIPC5004: the caller goes on\nrequest_route { exit; }',
  good: 'request_route {\n  # sipc-ignore SIPC5004: the caller goes on\n  break;\n}',
});

export const malformedIgnore = defineDiagnostic('SIPC6902', 'malformed-ignore', {
  severity: 'warning',
  message: (a: { problem: string }) => `this ignores nothing: ${a.problem}`,
  why: 'Whoever reads the cfg next has to know why a finding does not count.',
  fix: () => 'write # sipc-ignore SIPC1234: the reason (several codes with commas)',
  bad: '# sipc-ignore SIPC6901\nrequest_route { exit; }',
  good: 'request_route {\n  # sipc-ignore SIPC5004: the caller goes on\n  break;\n}',
});
