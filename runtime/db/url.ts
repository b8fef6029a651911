/** Database URLs as Kamailio writes them (lib/srdb1/db_id.c): the last `@` ends the password, `?…` after the name is dropped. */
import type { DbUrl } from './types.js';

/** Schemes whose rest is a path. */
const PATHS = new Set(['sqlite', 'text', 'flatstore', 'berkeley']);
const SERVER = /^\/\/(?:(.*)@)?(\[[0-9a-fA-F:.]+\]|[^:/@]*)(?::(\d{1,5}))?\/([^?]*)/s;

/** Null when it is none. */
export function parseDbUrl(text: string): DbUrl | null {
  const colon = text.indexOf(':');
  if (colon <= 0) return null;
  const written = text.slice(0, colon);
  const scheme = written.startsWith('db_') ? written.slice(3) : written;
  if (!/^[a-z0-9_]+$/.test(scheme)) return null;
  const rest = text.slice(colon + 1);
  if (PATHS.has(scheme)) {
    const path = rest.startsWith('//') ? rest.slice(2) : rest;
    if (path === '') return null;
    return { text, scheme, user: '', password: '', host: '', port: 0, database: path, masked: text };
  }
  const found = SERVER.exec(rest);
  if (!found) return null;
  const [, login = '', host = '', port = '0', database = ''] = found;
  if (database === '' || Number(port) > 65_535) return null;
  const at = login.indexOf(':');
  const user = at < 0 ? login : login.slice(0, at);
  const secret = at < 0 ? '' : ':***';
  return {
    text,
    scheme,
    user,
    password: at < 0 ? '' : login.slice(at + 1),
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    database,
    masked: `${scheme}://${user === '' ? '' : `${user}${secret}@`}${host}${port === '0' ? '' : `:${port}`}/${database}`,
  };
}

/** A URL for people to see, whatever was written. */
export const maskDbUrl = (text: string): string => parseDbUrl(text)?.masked ?? text.replace(/:[^:/@]*@/, ':***@');
