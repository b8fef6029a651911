/** Files, includes, definitions and conditional parts. */
import type { Span } from '../span.js';
import { defineDiagnostic, type Edit } from './define.js';

export const cannotRead = defineDiagnostic('SIPC1001', 'cannot-read', {
  severity: 'error',
  message: (a: { path: string; reason: string }) => `cannot read ${a.path}: ${a.reason}`,
  why: 'Nothing of that file can be checked, and Kamailio stops here too.',
  fix: (a) =>
    a.reason === 'no such file'
      ? 'Check the path; a relative one is looked up in the working directory, then beside the file that names it.'
      : 'Make the file readable for the user who runs this.',
  bad: 'include_file "absent.cfg"\nrequest_route { exit; }',
  good: 'import_file "absent.cfg"\nrequest_route { exit; }',
});

export const includeTooDeep = defineDiagnostic('SIPC1002', 'include-too-deep', {
  severity: 'error',
  message: (_: object) => 'includes are nested more than 10 deep',
  why: 'Kamailio stops at the same depth; the usual reason is a file that includes itself.',
  fix: () => 'Remove the include that leads back to a file already being read.',
  bad: 'include_file "case.cfg"\nrequest_route { exit; }',
  good: 'request_route { exit; }',
});

export const includeName = defineDiagnostic('SIPC1003', 'include-name', {
  severity: 'error',
  message: (a: { written: string }) => `${a.written} needs a file name between double quotes, without blanks`,
  why: 'The name ends at the first blank and must start and end with `"`.',
  fix: (a) => `Write ${a.written} "file.cfg".`,
  bad: "include_file 'other.cfg'\nrequest_route { exit; }",
  good: 'import_file "other.cfg"\nrequest_route { exit; }',
});

export const alreadyDefined = defineDiagnostic('SIPC1004', 'already-defined', {
  severity: 'error',
  message: (a: { name: string }) => `${a.name} is already defined`,
  why: 'A name can be defined once; Kamailio refuses the second definition.',
  fix: (a) => `Use #!redefine ${a.name} to replace the value, or #!trydef to keep the first one.`,
  bad: '#!define PORT 5060\n#!define PORT 5070\nrequest_route { exit; }',
  good: '#!define PORT 5060\n#!redefine PORT 5070\nrequest_route { exit; }',
});

export const badDefineName = defineDiagnostic('SIPC1005', 'bad-define-name', {
  severity: 'error',
  message: (a: { written: string; found: string }) =>
    a.found === '' ? `${a.written} needs a name` : `${a.found} cannot be the name after ${a.written}`,
  why: 'Names are made of letters, digits and _, and do not start with a digit; a - ends Kamailio with an error.',
  fix: (a) => (a.found.includes('-') ? `Write ${a.found.replaceAll('-', '_')}.` : undefined),
  bad: '#!define WITH-TLS\nrequest_route { exit; }',
  good: '#!define WITH_TLS\nrequest_route { exit; }',
});

export const unclosedCondition = defineDiagnostic('SIPC1006', 'unclosed-condition', {
  severity: 'error',
  message: (a: { written: string }) => `this ${a.written} has no #!endif`,
  why: 'Everything after it depends on the condition, to the end of the cfg.',
  fix: () => 'Add a line #!endif, with nothing behind it and a line end after it.',
  bad: 'request_route { exit; }\n#!ifdef WITH_TLS\nlisten=tls:127.0.0.1:5061\n',
  good: 'request_route { exit; }\n#!ifdef WITH_TLS\nlisten=tls:127.0.0.1:5061\n#!endif\n',
});

export const strayCondition = defineDiagnostic('SIPC1007', 'stray-condition', {
  severity: 'error',
  message: (a: { written: string }) => `${a.written} without an #!ifdef or #!ifndef before it`,
  why: 'Kamailio counts the two and refuses a cfg in which the numbers differ.',
  fix: (a) => `Remove ${a.written}, or add the #!ifdef it belongs to.`,
  bad: 'request_route { exit; }\n#!endif\n',
  good: '#!ifdef WITH_TLS\n#!endif\nrequest_route { exit; }\n',
});

export const ignoredDirective = defineDiagnostic('SIPC1008', 'ignored-directive', {
  severity: 'warning',
  message: (a: { written: string; atEnd: boolean }) =>
    a.atEnd
      ? `${a.written} on the last line is not seen without a line end behind it`
      : `${a.written} with text behind it is only a comment`,
  why: 'The scanner takes the whole line for a comment, so the part before it goes on.',
  fix: (a) =>
    a.atEnd ? 'End the file with a line end.' : `Move the text to the line above, leaving ${a.written} alone.`,
  edits: (a, span) => (a.written === '#!endif' ? endifAlone(span) : []),
  bad: '#!ifdef A\n#!else # when not A\n#!endif\nrequest_route { exit; }',
  good: '#!ifdef A\n# when not A\n#!else\n#!endif\nrequest_route { exit; }',
});

/** The text goes to a comment line above. An #!else is not touched: what is on and off would change without a word. */
function endifAlone(span: Span): readonly Edit[] {
  const { text } = span.file;
  const line = text.lastIndexOf('\n', span.start - 1) + 1;
  const newline = text.indexOf('\n', span.end);
  const end = newline < 0 ? text.length : newline;
  const indent = text.slice(line, span.start);
  const rest = text.slice(span.end, end).trim();
  if (indent.trim() !== '') return [];
  const above = rest === '' ? '' : `${indent}${/^(?:#(?!!)|\/\/|\/\*)/.test(rest) ? '' : '# '}${rest}\n`;
  const edits: Edit[] = [{ span: { ...span, start: span.end, end }, text: newline < 0 ? '\n' : '' }];
  return above === '' ? edits : [{ span: { ...span, start: line, end: line }, text: above }, ...edits];
}

export const commentInDefine = defineDiagnostic('SIPC1009', 'comment-in-define', {
  severity: 'warning',
  message: (a: { name: string }) => `the comment is part of the value of ${a.name}`,
  why: 'Wherever the name is used, the comment hides the rest of that line.',
  fix: () => 'Move the comment to a line of its own.',
  bad: '#!define DEPTH 5 # levels\nchildren=DEPTH\nrequest_route { exit; }',
  good: '# levels\n#!define DEPTH 5\nchildren=DEPTH\nrequest_route { exit; }',
});

export const badSubst = defineDiagnostic('SIPC1010', 'bad-subst', {
  severity: 'error',
  message: (a: { reason: string }) => `bad substitution: ${a.reason}`,
  why: 'The form is "/regular expression/replacement/flags"; any character may stand for /, flags are i, g and s.',
  fix: () => 'Write it as "/what/by what/g".',
  bad: '#!subst "/a/b"\nrequest_route { exit; }',
  good: '#!subst "/a/b/g"\nrequest_route { exit; }',
});

export const environmentUnset = defineDiagnostic('SIPC1011', 'environment-unset', {
  severity: 'error',
  message: (a: { name: string }) => `the environment variable ${a.name} is not set`,
  why: 'This form of the directive needs it.',
  fix: (a) => `Set ${a.name}, or use #!trydefenv, which goes on without it.`,
  bad: '#!defenv SIPC_SURELY_NOT_SET\nrequest_route { exit; }',
  good: '#!trydefenv SIPC_SURELY_NOT_SET\nrequest_route { exit; }',
});

export const recursiveDefine = defineDiagnostic('SIPC1012', 'recursive-define', {
  severity: 'error',
  message: (a: { name: string }) => `${a.name} is defined in terms of itself`,
  why: 'Replacing it never ends (Kamailio runs out of memory).',
  fix: () => 'Define one of them by its value.',
  bad: '#!define A B\n#!define B A\nlog_facility=A\nrequest_route { exit; }',
  good: '#!define A B\n#!define B LOG_DAEMON\nlog_facility=A\nrequest_route { exit; }',
});

export const badCondition = defineDiagnostic('SIPC1013', 'bad-condition', {
  severity: 'error',
  message: (a: { reason: string }) => `the expression cannot be evaluated: ${a.reason}`,
  why: 'Numbers, strings, defined names, ( ), arithmetic, comparisons, &&, || and ! are known here.',
  fix: () => 'Write a whole expression, such as 1 + 1 or (A == 1).',
  bad: '#!ifexp 1 +\n#!endif\nrequest_route { exit; }',
  good: '#!ifexp 1 + 1\n#!endif\nrequest_route { exit; }',
});

export const misspelledDirective = defineDiagnostic('SIPC1014', 'misspelled-directive', {
  severity: 'warning',
  message: (a: { written: string; near: string }) => `${a.written} is only a comment`,
  why: 'Directives that are not known are comments, without a word from Kamailio.',
  fix: (a) => `Did you mean ${a.near}?`,
  bad: '#!defin WITH_TLS\nrequest_route { exit; }',
  good: '#!define WITH_TLS\nrequest_route { exit; }',
});

export const newerDirective = defineDiagnostic('SIPC1015', 'newer-directive', {
  severity: 'hint',
  message: (a: { written: string }) => `${a.written} is newer than Kamailio 5.6, which takes it for a comment`,
  why: 'The same cfg means something else on a Kamailio 5.6.',
  bad: '#!define A 1\n#!undef A\nrequest_route { exit; }',
  good: '#!define A 1\nrequest_route { exit; }',
});

export const strayElse = defineDiagnostic('SIPC1016', 'stray-else-directive', {
  severity: 'warning',
  message: (_: object) => '#!else without an #!ifdef or #!ifndef before it',
  why: 'Kamailio warns and goes on as if it were not there.',
  fix: () => 'Remove it, or add the #!ifdef it belongs to.',
  bad: '#!else\nrequest_route { exit; }\n',
  good: '#!ifdef WITH_TLS\n#!else\n#!endif\nrequest_route { exit; }\n',
});
