/** Every cfg that Debian's kamailio package brings gets through preprocessing and parsing without an error. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../../bin/node-host.js';
import { parseConfig } from '../../../compiler/2-parse/index.js';
import { Diagnostics } from '../../../compiler/diagnostics/define.js';
import { inOrder } from '../../../compiler/diagnostics/render.js';
import { describeSpan } from '../../../compiler/span.js';
import { missingTools } from '../../support/tools.js';
import { expectedFailures } from './expected-failures.js';

const stock = '/etc/kamailio/kamailio.cfg';
const examples = '/usr/share/doc/kamailio/examples';
const reason = missingTools([], [stock, examples]);
if (reason) console.log(`kamailio-cfgs skipped: ${reason}`);

const names = existsSync(examples)
  ? readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cfg'))
  : [];

describe.skipIf(reason !== null)('configs of the Debian package', async () => {
  const host = reason ? null : await createNodeHost();
  const errors = (path: string): string[] => {
    const found = new Diagnostics();
    parseConfig(host!, path, {}, found);
    return inOrder(found.all)
      .filter((d) => d.severity === 'error')
      .map((d) => `${describeSpan(d.span)} ${d.code} ${d.message}`);
  };

  it('the stock config, also with all that it can switch on', () => {
    expect(errors(stock)).toEqual([]);
    const features = [
      'MYSQL',
      'AUTH',
      'USRLOCDB',
      'NAT',
      'TLS',
      'PRESENCE',
      'ANTIFLOOD',
      'ACCDB',
      'IPAUTH',
      'DEBUG',
      'JSONRPC',
      'XMLRPC',
      'PSTN',
      'VOICEMAIL',
      'ALIASDB',
      'SPEEDDIAL',
      'MULTIDOMAIN',
      'BLOCK3XX',
      'BLOCK401407',
      'MSGREBUILD',
      'RTPENGINE',
      'NATSIPPING',
    ];
    const found = new Diagnostics();
    parseConfig(host!, stock, { defines: Object.fromEntries(features.map((f) => [`WITH_${f}`, ''])) }, found);
    expect(found.all.map((d) => `${describeSpan(d.span)} ${d.code}`)).toEqual([]);
  });

  it.each(names.sort())('%s', (name) => {
    const found = errors(join(examples, name));
    if (expectedFailures[name]) expect(found, `${name} has no errors any more: take its row out`).not.toEqual([]);
    else expect(found).toEqual([]);
  });

  it('every expected failure is there', () => {
    expect(Object.keys(expectedFailures).filter((name) => !names.includes(name))).toEqual([]);
  });
});
