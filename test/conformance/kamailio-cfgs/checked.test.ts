/**
 * Every cfg that Debian's kamailio packages bring and `kamailio -c` accepts: `sipc check` finds no error in it but names
 * that Kamailio has and sipc lacks.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../../bin/node-host.js';
import { check } from '../../../compiler/index.js';
import { describeSpan } from '../../../compiler/span.js';
import { findTool, missingTools } from '../../support/tools.js';

const reason = missingTools(['kamailio'], ['/etc/kamailio/kamailio.cfg']);
if (reason) console.log(`shipped configs skipped: ${reason}`);

const folders = ['/etc/kamailio', '/usr/share/doc', '/usr/share/kamailio'];
const shipped = folders.flatMap((folder) => {
  if (!existsSync(folder)) return [];
  const names = folder === '/usr/share/doc' ? readdirSync(folder).filter((n) => n.startsWith('kamailio')) : [''];
  return names.flatMap((name) =>
    readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.cfg'))
      .map((file) => join(folder, name, file)),
  );
});

/** A module that is not installed here stops `kamailio -c`: nothing is known of such a cfg. */
function accepted(path: string): boolean {
  try {
    execFileSync(findTool('kamailio') ?? 'kamailio', ['-c', '-f', path], { stdio: 'pipe', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(reason !== null)('configs that the packages bring', async () => {
  const host = reason ? null : await createNodeHost();
  const taken = reason ? [] : shipped.filter(accepted);

  it('the stock config is among them', () => {
    expect(taken).toContain('/etc/kamailio/kamailio.cfg');
    console.log(`shipped configs: ${shipped.length}, ${taken.length} of them accepted by Kamailio`);
  });

  it.each(taken.map((path) => [path]))('%s', (path) => {
    const errors = check(host!, path, { lint: false })
      .diagnostics.filter(({ severity, slug }) => severity === 'error' && !slug.startsWith('missing-'))
      .map((d) => `${describeSpan(d.span)} ${d.code} ${d.message}`);
    expect(errors).toEqual([]);
  });
});
