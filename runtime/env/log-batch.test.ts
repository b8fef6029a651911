import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LogBatch } from './log-batch.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function batch() {
  const written: string[] = [];
  const flushed: number[] = [];
  const destination = { write: (text: string) => written.push(text), flushSync: () => flushed.push(written.length) };
  return { log: new LogBatch(destination), written, flushed };
}

it('writes what came within ten milliseconds at once, and nothing twice', () => {
  const { log, written } = batch();
  log.write('a\n');
  vi.advanceTimersByTime(5);
  log.write('b\n');
  expect(written).toEqual([]);
  vi.advanceTimersByTime(5);
  expect(written).toEqual(['a\nb\n']);
  vi.advanceTimersByTime(100);
  log.write('c\n');
  vi.advanceTimersByTime(10);
  expect(written).toEqual(['a\nb\n', 'c\n']);
});

it('holds no more than 64 kB', () => {
  const { log, written } = batch();
  log.write('x'.repeat(65_535));
  expect(written).toEqual([]);
  log.write('y');
  expect(written.map((text) => text.length)).toEqual([65_536]);
});

it('a flush writes at once, and flushes what it writes to', () => {
  const { log, written, flushed } = batch();
  log.write('last words\n');
  log.flushSync();
  expect(written).toEqual(['last words\n']);
  expect(flushed).toEqual([1]);
});
