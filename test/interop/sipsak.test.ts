/**
 * sipsak, a client written by others, against the stock config: OPTIONS, and its user-location test.
 */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sipsakPort } from '../support/ports.js';
import type { ServerProcess } from '../support/server-process.js';
import { startSipc } from '../support/sipc.js';
import { findTool, missingTools, stockConfig } from '../support/tools.js';

const missing = missingTools(['sipsak'], [stockConfig]);

function sipsak(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(findTool('sipsak') ?? 'sipsak', args, { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` });
    });
  });
}

describe('sipsak at the stock config', () => {
  let server: ServerProcess | null = null;
  beforeAll(async () => {
    if (missing === null) server = await startSipc({ cfg: stockConfig, port: sipsakPort });
  });
  afterAll(() => server?.stop());

  it.for([
    { name: 'OPTIONS to the server', args: ['-s', `sip:127.0.0.1:${sipsakPort}`] },
    { name: 'OPTIONS over TCP', args: ['-E', 'tcp', '-s', `sip:127.0.0.1:${sipsakPort}`] },
    {
      // Its call and message modes (-I, -M) refuse or crash in 0.9.8.1, whatever the server.
      name: 'register, and check the bindings that come back',
      args: ['-U', '-x', '60', '-s', `sip:sipsak@127.0.0.1:${sipsakPort}`],
    },
  ])('$name', async ({ args }, { skip }) => {
    if (missing !== null) skip(missing);
    const { code, output } = await sipsak('-vv', ...args);
    expect(code, output).toBe(0);
  });
});
