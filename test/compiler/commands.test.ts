/** `sipc check`, `sipc fmt` and `sipc explain` as a person calls them: exit codes, both formats, help. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../bin/sipc.js';

const clean = 'request_route {\n  exit;\n}\n';
const broken = '#!ifdef WITH_PV\nloadmodule "pv.so"\n#!endif\nrequest_route {\n  force_rport()\n  route(A);\n}\n';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipc-check-'));
  writeFileSync(join(folder, 'clean.cfg'), clean);
  writeFileSync(join(folder, 'broken.cfg'), broken);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function sipc(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), color: false };
  const code = await main(
    argv.map((word) => word.replace('FOLDER', folder)),
    io,
  );
  return { code, out, err };
}

describe('sipc check', () => {
  it('says nothing bad about a good cfg', async () => {
    expect(await sipc('check', 'FOLDER/clean.cfg')).toEqual({
      code: 0,
      out: `${folder}/clean.cfg: no mistakes\n`,
      err: '',
    });
  });

  it('shows line, caret, fix and a count', async () => {
    const { code, err } = await sipc('check', 'FOLDER/broken.cfg');
    expect(code).toBe(1);
    expect(err.replaceAll(folder, '')).toBe(
      [
        'error SIPC2002 no-semicolon: a `;` is missing here',
        ' --> /broken.cfg:5:16',
        '5 |   force_rport()',
        '  |                ^',
        '  fix: Add `;`.',
        '',
        'error SIPC3004 unknown-route: no route block is named A',
        ' --> /broken.cfg:6:9',
        '6 |   route(A);',
        '  |         ^',
        '  fix: add route[A] { … }, or correct the name',
        '',
        '2 errors',
        '',
      ].join('\n'),
    );
  });

  it('prints JSON for programs', async () => {
    const { code, out } = await sipc('check', 'FOLDER/broken.cfg', '--format', 'json', '-A', 'WITH_PV');
    expect(code).toBe(1);
    const { diagnostics } = JSON.parse(out) as { diagnostics: Record<string, unknown>[] };
    expect(diagnostics[0]).toEqual({
      code: 'SIPC2002',
      slug: 'no-semicolon',
      severity: 'error',
      message: 'a `;` is missing here',
      file: `${folder}/broken.cfg`,
      line: 5,
      column: 16,
      endLine: 5,
      endColumn: 16,
      fix: 'Add `;`.',
    });
  });

  it.each([
    [['check'], 'missing required argument'],
    [['check', 'x.cfg', '--format', 'xml'], 'Allowed choices are pretty, json'],
    [['check', 'x.cfg', '--bogus'], "unknown option '--bogus'"],
    [['check', 'x.cfg', '--fail-on', 'info'], 'Allowed choices are error, warning, hint, never'],
    [['check', 'x.cfg', '-A', '9=1'], '-A 9=1'],
    [['chekc'], 'did you mean check?'],
    [['explain', 'SIPC2998'], 'there is no diagnostic SIPC2998'],
  ])('%j is wrong use', async (argv, text) => {
    const { code, err } = await sipc(...argv);
    expect(err).toContain(text);
    expect(code).toBe(2);
  });

  it('names a file that is not there', async () => {
    const { code, err } = await sipc('check', 'FOLDER/absent.cfg');
    expect(code).toBe(1);
    expect(err).toContain(`SIPC1001 cannot-read: cannot read ${folder}/absent.cfg: no such file`);
  });
});

describe('sipc check for machines', () => {
  const odd = 'request_route {\n  break;\n}\n'; // a hint
  beforeAll(() => {
    writeFileSync(join(folder, 'odd.cfg'), odd);
    writeFileSync(
      join(folder, 'caf\u00e9 1,2.cfg'),
      'request_route {\n  xlog("\u00e9\u00e9"); route(\u00c4);\n  route(B);\n}\n',
    );
  });

  it.each([
    ['never', 'broken.cfg', 0],
    ['error', 'broken.cfg', 1],
    ['error', 'odd.cfg', 0],
    ['warning', 'odd.cfg', 0],
    ['hint', 'odd.cfg', 1],
    ['hint', 'clean.cfg', 0],
  ])('--fail-on %s %s gives %i', async (threshold, file, expected) => {
    const { code } = await sipc('check', `FOLDER/${file}`, '--fail-on', threshold, '--format', 'json');
    expect(code).toBe(expected);
  });

  it('SARIF names rule, place and fix', async () => {
    const { code, out } = await sipc('check', 'FOLDER/broken.cfg', '--format', 'sarif');
    expect(code).toBe(1);
    const log = JSON.parse(out) as {
      version: string;
      runs: { tool: { driver: { rules: { id: string }[] } }; results: object[] }[];
    };
    expect(log.version).toBe('2.1.0');
    const run = log.runs[0]!;
    expect(run.tool.driver.rules.map((rule) => rule.id)).toEqual(['SIPC2002', 'SIPC3004']);
    const artifactLocation = { uri: `file://${folder}/broken.cfg` };
    const region = { startLine: 5, startColumn: 16, endLine: 5, endColumn: 16 };
    expect(run.results[0]).toMatchObject({
      ruleId: 'SIPC2002',
      ruleIndex: 0,
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation, region } }],
      fixes: [
        {
          artifactChanges: [
            { artifactLocation, replacements: [{ deletedRegion: region, insertedContent: { text: ';' } }] },
          ],
        },
      ],
    });
  });

  it('SARIF of a clean cfg has no results', async () => {
    const { code, out } = await sipc('check', 'FOLDER/clean.cfg', '--format', 'sarif');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ runs: [{ results: [] }] });
  });

  it('GitHub commands escape what they use themselves, and count columns in characters', async () => {
    const { out } = await sipc('check', 'FOLDER/caf\u00e9 1,2.cfg', '--format', 'github');
    const lines = out.trimEnd().split('\n');
    const file = `${folder}/caf\u00e9 1%2C2.cfg`;
    expect(lines.find((line) => line.includes('route block is named B'))).toMatch(
      `::error file=${file},line=3,endLine=3,col=9,endColumn=9,title=SIPC3004 unknown-route::no route block is named B`,
    );
    expect(lines.every((line) => /^::(?:error|warning|notice) file=.*::/.test(line))).toBe(true);
  });

  it('JUnit counts what fails', async () => {
    const { out } = await sipc('check', 'FOLDER/odd.cfg', '--format', 'junit', '--fail-on', 'hint');
    expect(out).toContain('<?xml version="1.0" encoding="UTF-8"?>');
    expect(out).toMatch(/<testsuites name="sipc check" tests="(\d+)" failures="\1" errors="0">/);
    expect(out).toContain('SIPC5004 break-outside-loop');
    const quiet = (await sipc('check', 'FOLDER/odd.cfg', '--format', 'junit')).out;
    expect(quiet).toContain('failures="0"');
    expect(quiet).toContain('<system-out>');
    expect((await sipc('check', 'FOLDER/broken.cfg', '--format', 'junit')).out).toContain(
      'message="a `;` is missing here"',
    );
    expect((await sipc('check', 'FOLDER/clean.cfg', '--format', 'junit')).out).toContain('tests="1" failures="0"');
  });
});

describe('baseline', () => {
  it('hides what is known, wherever its line went, and nothing more', async () => {
    const path = join(folder, 'old.cfg');
    writeFileSync(path, 'request_route {\n  route(A);\n}\n');
    const check = () => sipc('check', 'FOLDER/old.cfg', '--baseline', 'FOLDER/known.json', '--format', 'json');
    expect((await check()).code).toBe(2);
    expect((await sipc('check', 'FOLDER/old.cfg', '--write-baseline', 'FOLDER/known.json')).code).toBe(0);
    expect(await check()).toMatchObject({ code: 0, out: '{"diagnostics":[]}\n' });
    writeFileSync(path, 'request_route {\n  force_rport();\n\n    route(A);\n}\n');
    expect((await check()).code).toBe(0);
    writeFileSync(path, 'request_route {\n  route(A);\n  route(A);\n}\n');
    const { code, out } = await check();
    expect(code).toBe(1);
    const { diagnostics } = JSON.parse(out) as { diagnostics: { line: number }[] };
    expect(diagnostics.map((d) => d.line)).toEqual([3]);
  });

  it.each(['nonsense', '{}', '{"version":1,"findings":[{"code":1}]}'])('%s is none', async (text) => {
    writeFileSync(join(folder, 'bad.json'), text);
    const { code, err } = await sipc('check', 'FOLDER/clean.cfg', '--baseline', 'FOLDER/bad.json');
    expect(code).toBe(2);
    expect(err).toContain('is no baseline');
  });
});

describe('sipc check --fix', () => {
  it('corrects the file and reports the rest', async () => {
    const path = join(folder, 'fix.cfg');
    writeFileSync(
      path,
      'request_route {\n  force_rport()\n  route(RELYA);\n  route(NOWHERE);\n}\nroute[RELAY] { exit; }\n',
    );
    const { code, out, err } = await sipc('check', 'FOLDER/fix.cfg', '--fix');
    expect(readFileSync(path, 'latin1')).toBe(
      'request_route {\n  force_rport();\n  route(RELAY);\n  route(NOWHERE);\n}\nroute[RELAY] { exit; }\n',
    );
    expect(code).toBe(1);
    expect(out).toContain('fixed SIPC2002 no-semicolon');
    expect(out).toContain('fixed SIPC3004 unknown-route: no route block is named RELYA');
    expect(err).toContain('no route block is named NOWHERE');
  });

  it('writes nothing when there is nothing to correct', async () => {
    expect(await sipc('check', 'FOLDER/clean.cfg', '--fix')).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'clean.cfg'), 'latin1')).toBe(clean);
  });
});

describe('sipc fmt', () => {
  const loose = 'request_route{\n  exit; }\n';
  const neat = 'request_route {\n\texit;\n}\n';
  const path = () => join(folder, 'fmt.cfg');
  const text = () => readFileSync(path(), 'latin1');

  it('--check names what would change, --stdout shows it, neither writes', async () => {
    writeFileSync(path(), loose);
    expect(await sipc('fmt', '--check', 'FOLDER/fmt.cfg')).toEqual({ code: 1, out: `${path()}\n`, err: '' });
    expect(await sipc('fmt', '--stdout', 'FOLDER/fmt.cfg')).toEqual({ code: 0, out: neat, err: '' });
    expect(text()).toBe(loose);
  });

  it('writes the file, and then has nothing to do', async () => {
    writeFileSync(path(), loose);
    expect(await sipc('fmt', 'FOLDER/fmt.cfg')).toEqual({ code: 0, out: `${path()}\n`, err: '' });
    expect(text()).toBe(neat);
    expect(await sipc('fmt', 'FOLDER/fmt.cfg')).toEqual({ code: 0, out: '', err: '' });
    expect(await sipc('fmt', '--check', 'FOLDER/fmt.cfg')).toEqual({ code: 0, out: '', err: '' });
  });

  it('leaves what does not parse, and goes on with the next file', async () => {
    writeFileSync(path(), loose);
    const before = readFileSync(join(folder, 'broken.cfg'), 'latin1');
    const { code, out, err } = await sipc('fmt', 'FOLDER/broken.cfg', 'FOLDER/absent.cfg', 'FOLDER/fmt.cfg');
    expect(code).toBe(1);
    expect(out).toBe(`${path()}\n`);
    expect(err).toContain('SIPC2002');
    expect(err).toContain(`cannot read ${folder}/absent.cfg: no such file`);
    expect(readFileSync(join(folder, 'broken.cfg'), 'latin1')).toBe(before);
  });

  it.each([[['fmt']], [['fmt', 'x.cfg', '--check', '--stdout']], [['fmt', 'x.cfg', '-A', '9']]])('%j', async (argv) => {
    expect((await sipc(...argv)).code).toBe(2);
  });
});

describe('help', () => {
  it.each([
    [['--help'], 'sipc check <file>'],
    [['check', '--help'], 'Usage: sipc check [options] <file>'],
    [['build', '--help'], 'Usage: sipc build'],
    [['run', '--help'], 'Usage: sipc run'],
    [['help', 'explain'], 'Usage: sipc explain'],
    [['--version'], 'sipc '],
    [['explain', '2002'], 'SIPC2002 no-semicolon (error)'],
    [['explain', 'unknown-route'], 'A cfg that has it:'],
    [['explain'], 'SIPC1001'],
  ])('%j', async (argv, text) => {
    const { code, out } = await sipc(...argv);
    expect(out).toContain(text);
    expect(code).toBe(0);
  });
});
