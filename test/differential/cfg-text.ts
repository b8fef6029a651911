/** Text of a cfg: what each begins with, the modules named in a row, and the rest as written. */
export const cfg = (modules: string, rest: string): string =>
  `#!KAMAILIO\ndebug=1\nlog_stderror=yes\nauto_aliases=no\n${modules
    .split(' ')
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('')}${rest}`;
