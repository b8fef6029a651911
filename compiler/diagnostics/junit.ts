/** Diagnostics as a JUnit report: one test case each, failed when the run fails for it; one that passes for a clean cfg. */
import type { Diagnostic } from './define.js';
import { readable, renderPretty, textRange } from './render.js';
import { fails, type Threshold } from './severity.js';

export function renderJunit(diagnostics: readonly Diagnostic[], file: string, threshold: Threshold): string {
  const failures = diagnostics.filter((d) => fails(d, threshold)).length;
  const tests = Math.max(1, diagnostics.length);
  const counts = `tests="${tests}" failures="${failures}" errors="0"`;
  const cases =
    diagnostics.length === 0
      ? [`    <testcase classname="sipc" name="${escaped(file)}"/>`]
      : diagnostics.map((d) => testcase(d, fails(d, threshold)));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="sipc check" ${counts}>`,
    `  <testsuite name="${escaped(file)}" ${counts} skipped="0">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testcase(d: Diagnostic, failed: boolean): string {
  const { line, column } = textRange(d.span);
  const place = `${d.span.file.path}:${line}:${column}`;
  const text = escaped(renderPretty(d));
  const body = failed
    ? `<failure type="${d.severity}" message="${escaped(d.message)}">${text}</failure>`
    : `<system-out>${text}</system-out>`;
  const name = escaped(`${d.code} ${d.slug} ${place}`);
  const head = `classname="${escaped(d.span.file.path)}" name="${name}" file="${escaped(d.span.file.path)}" line="${line}"`;
  return `    <testcase ${head}>\n      ${body}\n    </testcase>`;
}

/** XML 1.0 has no place for most control characters. */
function escaped(text: string): string {
  return readable(text)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
