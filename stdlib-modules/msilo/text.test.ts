import { expect, test } from 'vitest';
import { bodyOf, headersOf, readTime, storedType } from './text.js';

const local = (...parts: [number, number, number, number?, number?, number?]) => new Date(...parts).getTime() / 1000;

test.each([
  ['20301231235958', local(2030, 11, 31, 23, 59, 58)],
  ['203012312', local(2030, 11, 31, 20)],
  ['20301231', local(2030, 11, 31)],
  ['203012', local(2030, 11, 0)],
  ['20301', local(2030, 9, 0)],
  ['2030', local(2030, 0, 0)],
  ['1999', 0],
  ['20301301', 0],
  ['20300001', 0],
  ['20301232', 0],
  ['2030123124', 0],
  ['203012312360', 0],
  ['203012312359589', 0],
  ['2030-12-31', 0],
  ['', 0],
])('time %s', (text, seconds) => expect(readTime(text)).toBe(seconds));

test.each([
  ['text/plain;charset=utf-8', 'text/plain'],
  ['Message/CPIM', 'text/plain'],
  ['text/html ; charset=x', 'text/html'],
  ['nothing', null],
  ['', null],
])('type %s', (value, stored) => expect(storedType(value)).toBe(stored));

test('what is too long stays as it is, or is refused', () => {
  expect(bodyOf('x'.repeat(978), 'Offline', 1)).toMatch(
    /^\[Offline message - \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}\] x+$/,
  );
  expect(bodyOf('x'.repeat(979), 'Reminder', 1)).toBe('x'.repeat(979));
  expect(headersOf('a/b', 'sip:a@b', 1, 'X: 1\r\n')).toBe(
    'Date: Thu, 01 Jan 1970 00:00:01 GMT\r\nContent-Type: a/b\r\nContact: <sip:a@b>;msilo=yes\r\nX: 1\r\n',
  );
  expect(headersOf('a/b', '', 0, 'x'.repeat(1005))).toBeNull();
});
