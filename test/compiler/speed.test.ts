/** Ten thousand lines within the two seconds an editor or a reload may take: of CPU, since the machine is shared. */
import { expect, it } from 'vitest';
import { cpuMs } from '../support/cpu.js';
import { parseText } from '../support/parse.js';

const statements = (n: number) =>
  Array.from(
    { length: n },
    (_, i) =>
      `  if ($rU == "u${i}" && is_method("INVITE")) {\n    xlog("L_INFO", "$rU ${i}\\n");\n    $var(x) = $var(x) + N;\n  }`,
  );

it.each([
  ['one block', `#!define N 5\nrequest_route {\n${statements(2500).join('\n')}\n}\n`],
  [
    'many blocks',
    `#!define N 5\n${statements(2500)
      .map((s, i) => `route[R${i}] {\n${s}\n}`)
      .join('\n')}\n`,
  ],
  ['parameters', Array.from({ length: 10_000 }, (_, i) => `modparam("m", "p${i}", ${i})`).join('\n')],
])('%s', (_, text) => {
  const cost = cpuMs(2000, () => expect(parseText(text).diagnostics).toEqual([]));
  expect(cost).toBeLessThan(2000);
});
