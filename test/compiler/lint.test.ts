/** Variants of lint rules beyond the example that each declares: what they say, where, and what they must not say. */
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { modules } from '../../compiler/diagnostics/examples.js';
import { inOrder } from '../../compiler/diagnostics/render.js';
import { blocks } from '../../compiler/diagnostics/severity.js';
import { check } from '../../compiler/index.js';
import { place } from '../support/parse.js';

const real = await createNodeHost();

/** What is said of this code, of a cfg whose first line is `loaded`. */
function said(code: string, loaded: readonly string[], lines: readonly string[]): string[] {
  const text = `${modules(...loaded).replaceAll('\n', ' ')}\n${lines.join('\n')}\n`;
  const host = { ...real, readFile: () => ({ text }), resolve: (_from: string, path: string) => path };
  const { diagnostics } = check(host, 'case.cfg', { lint: true });
  expect(diagnostics.filter((d) => blocks(d) && !d.slug.startsWith('missing-')).map(place)).toEqual([]);
  return inOrder(diagnostics)
    .filter((d) => d.code === code)
    .map((d) => `${place(d).replace(`${code} `, '')} ${d.message}`);
}

describe('a branch that failed', () => {
  const lines = [
    'request_route {',
    '\tt_on_branch_failure("NEXT");',
    '\tt_relay();',
    '}',
    'event_route[tm:branch-failure:NEXT] {',
    '\tt_on_branch_failure("NEXT");',
    '\tt_relay();',
    '}',
  ];
  it.each(['SIPC6037', 'SIPC6038'])('%s: its request was checked when it came in', (code) => {
    const found = said(code, ['tm', 'rr', 'maxfwd', 'sanity'], lines);
    expect(found.map((row) => row.split(' ')[0])).toEqual(['4:2']);
  });
});

describe('state lost across a suspension', () => {
  const lost = (...lines: string[]) =>
    said('SIPC6067', ['tm', 'tmx', 'pv', 'xlog', 'cfgutils', 'rr', 'dialog', 'kex', 'async'], lines);
  const later = 'route[LATER] { t_reply("404", "Not Found"); exit; }';

  it('behind async_sleep() as well', () => {
    expect(
      lost(
        'request_route {',
        '\t$var(a) = 1;',
        '\tasync_sleep("1");',
        '\tif ($var(a) == 1) t_reply("404", "No");',
        '\texit;',
        '}',
      ),
    ).toEqual(['5:6 $var(a) is not what it was before async_sleep()']);
  });
  it('private variables, script flags, $dlg_var before there is a dialog', () => {
    expect(
      lost(
        'request_route { $vn(a) = "x"; $vz(b) = 1; $dlg_var(c) = "y"; setsflag(3); async_route("LATER", "1"); }',
        'route[LATER] {',
        '\txlog("$vn(a) $dlg_var(c)\\n");',
        '\tif ($vz(b) == 1 || issflagset(3)) exit;',
        '\tt_reply("404", "Not Found");',
        '}',
      ).map((row) => row.split(' is not')[0]),
    ).toEqual(['4:7 $vn(a)', '4:7 $dlg_var(c)', '5:6 $vz(b)', '5:21 $sf']);
  });
  it('nothing of what the transaction carries, and of what is written again', () => {
    expect(
      lost(
        'request_route { $avp(a) = 1; $var(b) = 2; setflag(3); async_route("LATER", "1"); exit; }',
        'route[LATER] { $var(b) = 3; if ($avp(a) == $var(b) && isflagset(3)) exit; t_reply("404", "Not Found"); exit; }',
      ),
    ).toEqual([]);
  });
  it('a $dlg_var of a dialog that exists', () => {
    expect(
      lost(
        'request_route { dlg_manage(); $dlg_var(c) = "y"; async_route("LATER", "1"); exit; }',
        'route[LATER] { xlog("$dlg_var(c)\\n"); t_reply("404", "Not Found"); exit; }',
      ),
    ).toEqual([]);
  });
  it('async_route() ends the script, and what stands behind it runs when it could not', () => {
    const behind = (first: string) =>
      said('SIPC6048', ['tm', 'tmx', 'async'], [`request_route { ${first} t_reply("500", "No"); exit; }`, later]);
    expect(behind('async_route("LATER", "1");')).toEqual([]);
    expect(behind('async_sleep("1");')).toEqual([]);
    expect(behind('t_suspend();')).toEqual(['2:30 t_reply() is reached after t_suspend() has suspended the request']);
  });
});

describe('modules that are loaded in another order than they start', () => {
  const order = (loaded: readonly string[], enabled: number) =>
    said(
      'SIPC6027',
      ['tm', 'sl', 'rr', ...loaded],
      [`modparam("${loaded.find((name) => name !== 'dmq')}", "enable_dmq", ${enabled})`, 'request_route { exit; }'],
    );
  it.each(['htable', 'dialog', 'presence', 'rtpengine'])('%s asks dmq, when it is told to', (name) => {
    expect(order([name, 'dmq'], 1).map((row) => row.replace(/^\S+ /, ''))).toEqual([
      `dmq has to be loaded before ${name}`,
    ]);
    expect(order([name, 'dmq'], 0)).toEqual([]);
    expect(order(['dmq', name], 1)).toEqual([]);
  });
  it('debugger asks cfgt, when it is told to', () => {
    const told = (loaded: readonly string[], cfgtest: number) =>
      said('SIPC6027', ['pv', ...loaded], [`modparam("debugger", "cfgtest", ${cfgtest})`, 'request_route { exit; }']);
    expect(told(['debugger', 'cfgt'], 1).map((row) => row.replace(/^\S+ /, ''))).toEqual([
      'cfgt has to be loaded before debugger',
    ]);
    expect([told(['debugger', 'cfgt'], 0), told(['cfgt', 'debugger'], 1)]).toEqual([[], []]);
  });
});

describe('From or To replaced and not restored', () => {
  const loaded = ['tm', 'sl', 'rr', 'pv', 'siputils', 'textops', 'uac'];
  const replaced = (...lines: string[]) => said('SIPC6068', loaded, lines).map((row) => row.split(' ', 2).join(' '));
  const within = '\tif (has_totag()) { if (loose_route()) t_relay(); exit; }';
  it.each([
    [
      'no loose_route()',
      '',
      ['request_route {', '\trecord_route();', '\tuac_replace_to("sip:a@b");', '\tt_relay();', '}'],
      ['5:2 nothing'],
    ],
    [
      'manual',
      'modparam("uac", "restore_mode", "manual")',
      ['request_route {', within, '\trecord_route();', '\tuac_replace_from("sip:a@b");', '\tt_relay();', '}'],
      ['6:2 restore_mode'],
    ],
    [
      'manual, restored',
      'modparam("uac", "restore_mode", "manual")',
      [
        'request_route {',
        '\tif (has_totag()) { if (loose_route()) { uac_restore_from(); t_relay(); } exit; }',
        '\trecord_route();',
        '\tuac_replace_from("sip:a@b");',
        '\tt_relay();',
        '}',
      ],
      [],
    ],
    [
      'none is a choice',
      'modparam("uac", "restore_mode", "none")',
      ['request_route {', '\tuac_replace_from("sip:a@b");', '\tt_relay();', '}'],
      [],
    ],
    [
      'kept by the dialog',
      'modparam("uac", "restore_dlg", 1)',
      ['request_route {', '\tuac_replace_from("sip:a@b");', '\tt_relay();', '}'],
      [],
    ],
    [
      'a MESSAGE makes no dialog',
      '',
      [
        'request_route {',
        within,
        '\tif (is_method("MESSAGE")) uac_replace_from("sip:a@b"); else record_route();',
        '\tt_relay();',
        '}',
      ],
      [],
    ],
    [
      'recorded after it was replaced',
      '',
      ['request_route {', within, '\tuac_replace_from("sip:a@b");', '\trecord_route();', '\tt_relay();', '}'],
      [],
    ],
    [
      'recorded in the branch route',
      '',
      [
        'request_route {',
        within,
        '\tuac_replace_from("sip:a@b");',
        '\tt_on_branch("B");',
        '\tt_relay();',
        '}',
        'branch_route[B] { record_route(); }',
      ],
      [],
    ],
    [
      'not recorded, in a route of its own',
      '',
      [
        'request_route {',
        within,
        '\troute(HIDE);',
        '\tt_relay();',
        '}',
        'route[HIDE] { uac_replace_from("sip:a@b"); }',
      ],
      ['8:15 uac_replace_from()'],
    ],
  ])('%s', (_, param, lines, expected) => {
    expect(replaced(param, ...lines)).toEqual(expected);
  });
});

describe('names that no modparam declares', () => {
  const undeclared = (...lines: string[]) =>
    said('SIPC6069', ['tm', 'rr', 'pv', 'htable', 'mqueue', 'dialog', 'sqlops'], lines).map((row) =>
      row.split(':', 2).join(':'),
    );
  it('tables, queues, connections and profiles, in calls and in variables', () => {
    expect(
      undeclared(
        'modparam("htable", "htable", "a=>size=4;")',
        'modparam("mqueue", "mqueue", "name=q;size=4")',
        'modparam("dialog", "profiles_no_value", "calls;trunk")',
        'modparam("sqlops", "sqlcon", "ca=>text:///tmp")',
        'request_route {',
        '\t$sht(b=>x) = 1; $sht(a=>x) = $shtex(c=>x);',
        '\tsht_rm("d", "x"); sht_lock("a=>x"); sht_lock("e=>x");',
        '\tmq_add("q", "k", "v"); mq_fetch("r"); $var(x) = $mqk(s);',
        '\tset_dlg_profile("calls"); set_dlg_profile("callers");',
        '\tsql_query("ca", "select 1"); sql_query("cb", "select 1");',
        '\t$var(t) = "a"; sht_rm("$var(t)", "x");',
        '}',
      ),
    ).toEqual([
      '7:2 no htable of htable is named b',
      '7:31 no htable of htable is named c',
      '8:9 no htable of htable is named d',
      '8:47 no htable of htable is named e',
      '9:34 no mqueue of mqueue is named r',
      '9:50 no mqueue of mqueue is named s',
      '10:44 no profiles_with_value of dialog is named callers',
      '11:41 no sqlcon of sqlops is named cb',
    ]);
  });
});
