/** A function that two loaded modules have is that of the module loaded last. Both orders were played on Kamailio 5.6.3. */
import { expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { compile } from '../../compiler/index.js';

const host = await createNodeHost();

it.each([
  [['rtpengine', 'rtpproxy'], 'rtpproxy'],
  [['rtpproxy', 'rtpengine'], 'rtpengine'],
])('start_recording() with %j loaded is that of %s', (order, owner) => {
  const text = ['tm', ...order, 'xlog']
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('')
    .concat('request_route { start_recording(); rtpengine_manage(); rtpproxy_manage(); exit; }');
  const { program, diagnostics } = compile(
    { ...host, readFile: (path) => (path === 'x.cfg' ? { text } : null), resolve: (_, path) => path },
    'x.cfg',
    { version: '0' },
  );
  expect(program?.text).toContain(`${owner}.start_recording(ctx)`);
  expect(diagnostics.filter(({ code }) => code === 'SIPC6070').map(({ message }) => message)).toEqual([
    `start_recording() is that of ${owner}, though ${order[0]} has one too`,
  ]);
});
