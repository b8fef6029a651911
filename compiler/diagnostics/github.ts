/** Diagnostics as workflow commands: GitHub shows each at its line of a pull request. */
import type { Diagnostic, Severity } from './define.js';
import { readable, textRange } from './render.js';

const commands: Readonly<Record<Severity, string>> = {
  error: 'error',
  security: 'warning',
  warning: 'warning',
  hint: 'notice',
};

export function renderGithub(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .map((d) => {
      const { line, column, endLine, endColumn } = textRange(d.span);
      // Columns are taken only for a range within one line; its end is included.
      const columns = line === endLine ? { col: column, endColumn: Math.max(column, endColumn - 1) } : {};
      const properties = Object.entries({
        file: readable(d.span.file.path),
        line,
        endLine,
        ...columns,
        title: `${d.code} ${d.slug}`,
      }).map(([name, value]) => `${name}=${escapedProperty(String(value))}`);
      const text = readable(d.fix ? `${d.message}\n${d.fix}` : d.message);
      return `::${commands[d.severity]} ${properties.join(',')}::${escaped(text)}\n`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
