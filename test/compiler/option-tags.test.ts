/** is_supported() takes the option tags with which Kamailio 5.6.3 starts (siputils' fixup); `-c` alone does not look at them. */
import { expect, test } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { check } from '../../compiler/index.js';

const host = await createNodeHost();
function errors(tag: string): string[] {
  const path = 'kamailio.cfg';
  const text = `loadmodule "sl.so"\nloadmodule "siputils.so"\nrequest_route { if (is_supported("${tag}")) exit; }\n`;
  const withCfg = { ...host, readFile: (wanted: string) => (wanted === path ? { text } : host.readFile(wanted)) };
  return check(withCfg, path, { lint: false }).diagnostics.flatMap(({ severity, code }) =>
    severity === 'error' ? [code] : [],
  );
}
test.each(['path', 'Path', 'gruu', 'timer', '100REL', 'outbound', 'eventlist'])('%s is taken', (tag) => {
  expect(errors(tag)).toEqual([]);
});
test.each(['replaces', 'norefersub', 'pathx', 'path,timer', ''])('"%s" is refused', (tag) => {
  expect(errors(tag)).toEqual(['SIPC4004']);
});
