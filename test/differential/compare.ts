/**
 * Golden against transcript: null when equal, else the ladders side by side and each message that differs, line by line.
 */
import type { Transcript } from './play.js';

/** Seconds left of a registration, or gone of a dialog, a clock tick apart in two runs. */
const seconds = /(?<=;expires=| lifetime )\d+/g;
const slackSec = 2;

export function compare(golden: Transcript, got: Transcript): string | null {
  const out: string[] = [];
  if (got.stopped !== golden.stopped) out.push(`stopped: ${got.stopped ?? `expected: ${golden.stopped}`}`);
  const names = [...new Set([...Object.keys(golden.peers), ...Object.keys(got.peers)])].sort();
  for (const name of names) {
    const expected = golden.peers[name] ?? [];
    const actual = (got.peers[name] ?? []).map((message, i) => allowSlack(expected[i] ?? [], message));
    if (sameList(expected.map(join), actual.map(join))) continue;
    out.push(`--- ${name} received`, ...sideBySide(expected.map(title), actual.map(title)));
    for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
      const left = expected[i] ?? [];
      const right = actual[i] ?? [];
      if (join(left) !== join(right)) out.push(`  message ${i + 1}:`, ...lineDiff(left, right));
    }
  }
  const log = allowSlack(golden.log, got.log);
  if (!sameList(golden.log, log)) out.push('--- log', ...lineDiff(golden.log, log));
  golden.rpc.forEach((expected, i) => {
    const actual = got.rpc[i]?.output ?? [];
    if (!sameList(expected.output, actual))
      out.push(`--- rpc ${expected.command}`, ...lineDiff(expected.output, actual));
  });
  return out.length === 0 ? null : out.join('\n');
}

const join = (lines: readonly string[]) => lines.join('\r\n');
const title = (lines: readonly string[]) => {
  const cseq = lines.find((line) => /^CSeq:/i.test(line));
  return `${lines[0]}${lines[0]?.startsWith('SIP/2.0') && cseq ? ` (${cseq.split(' ').at(-1)})` : ''}`;
};
const sameList = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((item, i) => item === b[i]);

/** `actual` with the seconds of `expected` where they are as good as the same. */
function allowSlack(expected: readonly string[], actual: readonly string[]): string[] {
  return actual.map((line, i) => {
    const wanted = expected[i]?.match(seconds) ?? [];
    let n = 0;
    return line.replace(seconds, (digits) => {
      const want = wanted[n++] ?? digits;
      return Math.abs(Number(want) - Number(digits)) <= slackSec ? want : digits;
    });
  });
}

function sideBySide(left: readonly string[], right: readonly string[]): string[] {
  const width = Math.max(10, ...left.map((line) => line.length));
  const rows = [`  ${'kamailio'.padEnd(width)} | sipc`];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    rows.push(`  ${(left[i] ?? '').padEnd(width)} | ${right[i] ?? ''}`);
  }
  return rows;
}

/** Longest list whose lines are compared each with each: the table takes its square. */
const MOST_LINES = 1000;
/** Lines that are equal around those that differ, in a long list. */
const AROUND = 3;

/** What differs, with `K ` before lines of Kamailio only and `S ` before those of sipc; of long lists only the place and its size. */
function lineDiff(left: readonly string[], right: readonly string[]): string[] {
  if (left.length <= MOST_LINES && right.length <= MOST_LINES) return allLines(left, right);
  const least = Math.min(left.length, right.length);
  let start = 0;
  while (start < least && left[start] === right[start]) start++;
  let end = 0;
  while (end < least - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  const part = (lines: readonly string[]) =>
    lines.slice(Math.max(0, start - AROUND), Math.min(lines.length - end + AROUND, start + MOST_LINES));
  return [`  from line ${start + 1} on, ${end} lines before the end:`, ...allLines(part(left), part(right))];
}

/** Longest common subsequence of lines: `  ` both, `K ` only Kamailio, `S ` only sipc. */
function allLines(left: readonly string[], right: readonly string[]): string[] {
  const table = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const row = table[i];
      if (row) row[j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const rows: string[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      rows.push(`      ${left[i]}`);
      i++;
      j++;
    } else if (j >= right.length || (i < left.length && at(i + 1, j) >= at(i, j + 1))) rows.push(`    K ${left[i++]}`);
    else rows.push(`    S ${right[j++]}`);
  }
  return rows;
}
