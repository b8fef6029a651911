import { describe, expect, it } from 'vitest';
import { isFacility, parseLevel } from '../../runtime/sdk/index.js';
import { colour, parseColours } from './colours.js';

describe('levels', () => {
  it.each([
    ['L_ALERT', -5], ['L_BUG', -4], ['L_CRIT', -3], ['L_ERR', -1], ['L_WARN', 0], ['L_NOTICE', 1], ['L_INFO', 2],
    ['L_DBG', 3], ['L_E', -1], ['2', 2], ['-7', -5], ['', null], ['L_X', null], ['INFO', null],
  ])('%j is %j', (text, level) => expect(parseLevel(text)).toBe(level)); // biome-ignore format: rows
});
it.each([
  ['LOG_LOCAL0', true],
  ['LOG_DAEMON', true],
  ['LOG_LOCAL8', false],
  ['daemon', false],
])('facility %s', (name, ok) => expect(isFacility(name)).toBe(ok));
it.each([
  ['rx', '\u001b[0;31;49m'],
  ['Rg', '\u001b[1;31;42m'],
  ['zz', null],
  ['r', null],
  ['rR', null],
])('colour %s', (name, code) => expect(colour(name)).toBe(code));
it.each([
  [
    'L_ERR=Rx;l_warn=yb',
    [
      { level: -1, sequence: '\u001b[1;31;49m' },
      { level: 0, sequence: '\u001b[0;33;44m' },
    ],
  ],
  ['L_DBG=gx;', [{ level: 3, sequence: '\u001b[0;32;49m' }]],
  ['L_ERR=R', null],
  ['L_NONE=Rx', null],
  ['', null],
])('log_colors %j', (text, colours) => expect(parseColours(text)).toEqual(colours));
