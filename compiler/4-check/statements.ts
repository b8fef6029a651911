/** Statements and expressions one by one: types, assignments, labels, keywords that belong elsewhere. */
import type { BoundProgram, BoundRoute } from '../3-bind/index.js';
import { regexProblem } from '../3-bind/regex.js';
import type { Assign, Expression, Statement, Switch } from '../ast.js';
import { badRegex, duplicateLabel, mixedLabels, notWritable } from '../diagnostics/4xxx-types.js';
import { breakOutside, onsendOnly } from '../diagnostics/5xxx-routes.js';
import type { Diagnostics } from '../diagnostics/define.js';
import { walkStatements } from '../visit.js';
import { checkTypes } from './types.js';

export function checkStatements(program: BoundProgram, diagnostics: Diagnostics): void {
  for (const route of program.routes)
    for (const block of route.blocks) {
      walkStatements(block.body, {
        statement(s) {
          checkStatement(s, program, diagnostics);
          return undefined;
        },
        expression(e) {
          checkExpression(e, route, program, diagnostics);
          return undefined;
        },
      });
      checkBreaks(block.body, false, diagnostics);
    }
}

function checkStatement(s: Statement, program: BoundProgram, diagnostics: Diagnostics): void {
  switch (s.kind) {
    case 'if':
    case 'while':
      checkTypes(s.condition, diagnostics);
      break;
    case 'switch':
      checkTypes(s.subject, diagnostics);
      checkLabels(s, diagnostics);
      break;
    case 'assign':
      checkTypes(s.value, diagnostics);
      checkAssign(s, program, diagnostics);
      break;
    case 'expression':
      checkTypes(s.expression, diagnostics);
      break;
    case 'exit':
    case 'drop':
    case 'return':
      if (s.value) checkTypes(s.value, diagnostics);
      break;
    case 'break':
    case 'continue':
    case 'empty':
    case 'bad':
      break;
  }
}

function checkAssign(s: Assign, program: BoundProgram, diagnostics: Diagnostics, compared = false): void {
  const pv = s.target.kind === 'pv' ? program.pvs.get(s.target) : undefined;
  if (!pv) return;
  const fixed = pv.what === 'rc' || pv.what === 'null' || pv.what === 'marker' || pv.what === 'cfg';
  if (fixed || pv.transforms.length > 0 || (pv.what === 'declared' && !pv.declaration?.writable))
    diagnostics.report(notWritable, s.target.span, { text: pv.text, compared });
}

function checkLabels(s: Switch, diagnostics: Diagnostics): void {
  const seen = new Set<string>();
  let ints = false;
  let texts = false;
  for (const { label, span } of s.cases) {
    if (label.kind === 'regex') {
      texts = true;
      const problem = regexProblem(label.source);
      if (problem) diagnostics.report(badRegex, label.span, { source: label.source, problem });
      continue;
    }
    const key = label.kind === 'default' ? 'default' : constantLabel(label.value);
    if (key === null) continue;
    if (label.kind === 'value') {
      if (key.startsWith('"')) texts = true;
      else ints = true;
    }
    if (seen.has(key))
      diagnostics.report(duplicateLabel, label.kind === 'value' ? label.value.span : span, { label: key });
    seen.add(key);
  }
  if (ints && texts) diagnostics.report(mixedLabels, s.span, undefined);
}

function constantLabel(e: Expression): string | null {
  if (e.kind === 'int') return String(e.value);
  if (e.kind === 'str') return JSON.stringify(e.value);
  if (e.kind === 'unary' && e.operator === '-' && e.operand.kind === 'int') return String(-e.operand.value);
  return null;
}

function checkExpression(e: Expression, route: BoundRoute, program: BoundProgram, diagnostics: Diagnostics): void {
  if (e.kind === 'keyword' && (e.name === 'snd_ip' || e.name === 'to_ip') && !route.kinds.includes('onsend'))
    diagnostics.report(onsendOnly, e.span, { name: e.name });
  if (e.kind === 'binary' && (e.operator === '=~' || e.operator === '!~') && e.right.kind === 'str') {
    const problem = regexProblem(e.right.value);
    if (problem) diagnostics.report(badRegex, e.right.span, { source: e.right.value, problem });
  }
  if (e.kind === 'assignExpression') checkAssign(e.assign, program, diagnostics, true);
}

function checkBreaks(statements: readonly Statement[], inside: boolean, diagnostics: Diagnostics): void {
  for (const s of statements) {
    if ((s.kind === 'break' || s.kind === 'continue') && !inside)
      diagnostics.report(breakOutside, s.span, { keyword: s.kind });
    if (s.kind === 'if') {
      checkBreaks(s.then, inside, diagnostics);
      if (s.else) checkBreaks(s.else, inside, diagnostics);
    } else if (s.kind === 'while') checkBreaks(s.body, true, diagnostics);
    else if (s.kind === 'switch') for (const c of s.cases) checkBreaks(c.body, true, diagnostics);
  }
}
