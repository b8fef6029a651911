import { describe, expect, it } from 'vitest';
import { parseDbUrl } from './url.js';

describe('parseDbUrl', () => {
  it.each([
    ['mysql://u:p@h/d', ['mysql', 'u', 'p', 'h', 0, 'd', 'mysql://u:***@h/d']],
    ['mysql://u@h:3307/d?x=1', ['mysql', 'u', '', 'h', 3307, 'd', 'mysql://u@h:3307/d']],
    ['postgres://u@dom:p:a@ss/w@h/d', ['postgres', 'u@dom', 'p:a@ss/w', 'h', 0, 'd', 'postgres://u@dom:***@h/d']],
    ['mysql://u:p@[::1]:3306/d', ['mysql', 'u', 'p', '::1', 3306, 'd', 'mysql://u:***@[::1]:3306/d']],
    ['sqlite:///var/x.db', ['sqlite', '', '', '', 0, '/var/x.db', 'sqlite:///var/x.db']],
    ['sqlite://:memory:', ['sqlite', '', '', '', 0, ':memory:', 'sqlite://:memory:']],
    ['text:///tmp/t', ['text', '', '', '', 0, '/tmp/t', 'text:///tmp/t']],
    ['flatstore:/var/log', ['flatstore', '', '', '', 0, '/var/log', 'flatstore:/var/log']],
    ['db_mysql://h/d', ['mysql', '', '', 'h', 0, 'd', 'mysql://h/d']],
  ])('%s', (text, parts) => {
    const url = parseDbUrl(text);
    expect(url && [url.scheme, url.user, url.password, url.host, url.port, url.database, url.masked]).toEqual(parts);
  });
  it.each(['', 'mysql', ':x', 'mysql://h', 'mysql://u:p@h/', 'mysql://h:99999/d', 'sqlite://'])(
    'refuses %s',
    (text) => {
      expect(parseDbUrl(text)).toBeNull();
    },
  );
});
