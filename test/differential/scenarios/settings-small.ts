/** Parameters of small modules and of databases in files: mqueue, counters, tmx, htable, msilo's columns, db_flatstore, db_text, db_sqlite. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cfg } from '../cfg-text.js';
import { preparedFile, withRows, withServerRows } from '../prepared.js';
import { generated, probe, type Stage, scenario } from '../scenario.js';

// ---------------------------------------------------------------------------------------------------------------
// mqueue, counters, tmx, htable

const smallText = cfg(
  'tm tmx sl pv textops xlog ctl mqueue counters htable',
  `modparam("mqueue", "mqueue_size", 2)
modparam("mqueue", "mqueue_name", "short")
modparam("mqueue", "mqueue_addmode", 1)
modparam("mqueue", "mqueue_name", "first")
modparam("mqueue", "mqueue_addmode", 2)
modparam("mqueue", "mqueue_size", 0)
modparam("mqueue", "mqueue_name", "last")
modparam("counters", "script_cnt_grp_name", "mine")
modparam("counters", "script_counter", "calls that came")
modparam("counters", "script_counter", "other.bytes")
modparam("tmx", "precheck_trans", 0)
modparam("htable", "htable", "t=>size=2;autoexpire=60")
route[ADD] {
	xlog("L_NOTICE", "add $rc\\n");
}
request_route {
	switch ($rU) {
		case "queues":
			mq_add("short", "a", "1"); mq_add("short", "a", "2"); mq_add("short", "b", "3");
			mq_add("first", "a", "1"); mq_add("first", "a", "2"); mq_add("first", "b", "3");
			mq_add("last", "a", "1"); mq_add("last", "a", "2"); mq_add("last", "b", "3"); mq_add("last", "c", "4");
			xlog("L_NOTICE", "$mq_size(short) $mq_size(first) $mq_size(last)\\n");
			while (mq_fetch("short")) xlog("L_NOTICE", "short $mqk(short) $mqv(short)\\n");
			while (mq_fetch("first")) xlog("L_NOTICE", "first $mqk(first) $mqv(first)\\n");
			while (mq_fetch("last")) xlog("L_NOTICE", "last $mqk(last) $mqv(last)\\n");
			break;
		case "counters":
			cnt_inc("calls");
			xlog("L_NOTICE", "inc $rc\\n");
			cnt_inc("mine.calls");
			cnt_add("other.bytes", "100");
			xlog("L_NOTICE", "add $rc\\n");
			break;
		case "zero":
			cnt_reset("calls");
			xlog("L_NOTICE", "reset $rc\\n");
			break;
		case "transaction":
			t_precheck_trans();
			xlog("L_NOTICE", "before $rc\\n");
			break;
		case "print":
			$sht(t=>a) = "text";
			$sht(t=>b) = 7;
			sht_print();
			xlog("L_NOTICE", "printed $rc\\n");
			break;
	}
	sl_send_reply("200", "OK");
}
`,
);
const small = generated('settings-small', smallText, [
  probe('queues', 'queues by name: their size and how they add'),
  scenario('counters', 'counters of the cfg, in a group of their own', async ({ alice, uri, rpc }) => {
    for (const user of ['counters', 'zero']) {
      await alice.request('OPTIONS', uri(user));
      await alice.receives(200);
      await rpc('cnt.get', 'mine', 'calls');
      await rpc('cnt.get', 'other', 'bytes');
      await rpc('cnt.help', 'mine', 'calls');
    }
  }),
  probe('transaction', 't_precheck_trans() where nothing is noted'),
  probe('print', 'sht_print()'),
]);

// ---------------------------------------------------------------------------------------------------------------
// msilo

/** Column, its parameter, and another name. */
const silo: readonly (readonly [column: string, param: string])[] = [
  ['id', 'sc_mid'],
  ['src_addr', 'sc_from'],
  ['dst_addr', 'sc_to'],
  ['username', 'sc_uri_user'],
  ['domain', 'sc_uri_host'],
  ['body', 'sc_body'],
  ['ctype', 'sc_ctype'],
  ['exp_time', 'sc_exp_time'],
  ['inc_time', 'sc_inc_time'],
  ['snd_time', 'sc_snd_time'],
  ['extra_hdrs', 'sc_stored_hdrs'],
];
const siloText = cfg(
  'db_sqlite tm sl pv textops xlog msilo',
  `modparam("msilo", "db_url", DB_URL)
modparam("msilo", "outbound_proxy", "sip:127.0.0.1:22010")
modparam("msilo", "add_date", 0)
modparam("msilo", "extra_hdrs_avp", "$avp(more)")
${silo.map(([column, param]) => `modparam("msilo", "${param}", "my_${column}")`).join('\n')}
request_route {
	if (is_method("MESSAGE")) {
		$avp(more) = "X-Kept: yes\\r\\n";
		m_store();
		xlog("L_NOTICE", "store $rc\\n");
	} else {
		m_dump();
		xlog("L_NOTICE", "dump $rc\\n");
	}
	sl_send_reply("200", "OK");
}
`,
);
const silos = withRows(
  generated('msilo-columns', siloText, [
    scenario('kept', 'kept and delivered, in columns of other names', async ({ alice, bob, uri }: Stage) => {
      await alice.request('MESSAGE', uri('bob'), { body: 'hello', type: 'text/plain', to: `<${uri('bob')}>` });
      await alice.receives(200);
      await bob.request('REGISTER', uri(), { to: `<${uri('bob')}>` });
      await bob.receives(200);
      await bob.reply(await bob.receives('MESSAGE'), 200);
    }),
  ]),
  {},
  silo.map(([column]) => `ALTER TABLE silo RENAME COLUMN ${column} TO my_${column}`),
  ['standard', 'msilo'],
);

// ---------------------------------------------------------------------------------------------------------------
// db_flatstore

const flatFolder = join(tmpdir(), `sipc-differential-flat-p${process.pid}`);
const flatText = cfg(
  'db_flatstore tm sl pv textops xlog acc',
  `modparam("db_flatstore", "encode_delimiter", 0)
modparam("db_flatstore", "escape_char", "~")
modparam("acc", "db_url", FLAT_URL)
modparam("acc", "db_extra", "who=$hdr(X-Who)")
request_route {
	acc_db_request("200 seen", "acc");
	xlog("L_NOTICE", "written $rc\\n");
	sl_send_reply("200", "OK");
}
`,
);
const flat = {
  ...generated(
    'flatstore',
    flatText,
    [
      scenario(
        'rows',
        'encode_delimiter 0: what stands between fields may stand in them',
        async ({ alice, uri, rows, pause }) => {
          for (const who of ['plain', 'a~b', 'a|b']) {
            await alice.request('OPTIONS', uri('rows'), { headers: [`X-Who: ${who}`] });
            await alice.receives(200);
          }
          await pause(100);
          // Not the time, which is the seventh.
          await rows('acc', '0', '3', '4', '5', '7', '8');
        },
      ),
    ],
    ['-A', `FLAT_URL="flatstore:${flatFolder}"`],
  ),
  prepare: () => {
    rmSync(flatFolder, { recursive: true, force: true });
    mkdirSync(flatFolder);
    return Promise.resolve();
  },
  finish: () => rmSync(flatFolder, { recursive: true, force: true }),
  read: (table: string, columns: readonly string[]) => {
    const name = readdirSync(flatFolder).find((one) => one.startsWith(`${table}_`) && one.endsWith('.log'));
    const lines = name === undefined ? [] : readFileSync(join(flatFolder, name), 'latin1').split('\n');
    return Promise.resolve(
      lines.filter((line) => line !== '').map((line) => columns.map((at) => line.split('|')[Number(at)] ?? '')),
    );
  },
};

// ---------------------------------------------------------------------------------------------------------------
// db_text

const textText = cfg(
  'db_text sl pv textops xlog ctl sqlops',
  `modparam("db_text", "db_delim", ",")
modparam("db_text", "file_buffer_size", 64)
modparam("db_text", "max_result_rows", 2)
modparam("db_text", "default_connection", "text://@HERE@")
modparam("sqlops", "sqlcon", "ca=>text://@HERE@")
request_route {
	sql_query("ca", "select id,name from things", "ra");
	xlog("L_NOTICE", "rows $rc $dbr(ra=>rows) $dbr(ra=>[0,1]) $dbr(ra=>[1,1])\\n");
	sql_query("ca", "select name from long", "rb");
	xlog("L_NOTICE", "long $rc $dbr(rb=>rows)\\n");
	sl_send_reply("200", "OK");
}
`,
);
const texts = {
  ...generated('settings-text', textText, [
    probe('rows', 'another delimiter, few rows, and a field that is too long'),
    scenario('query', 'db_text.query on the folder of default_connection', async ({ rpc }) => {
      await rpc('db_text.query', 'select name from things where id = 2');
    }),
  ]),
  beside: {
    things: 'id(int) name(string)\n1,one\n2,t:wo\n3,three\n',
    long: `id(int) name(string)\n1,${'x'.repeat(100)}\n`,
  },
};

// ---------------------------------------------------------------------------------------------------------------
// db_sqlite

const sqlite = (name: string, setting: string) =>
  withRows(
    generated(
      name,
      cfg(
        'db_sqlite sl pv textops xlog sqlops',
        `modparam("db_sqlite", ${setting.replace('FILE', preparedFile(name))})
modparam("sqlops", "sqlcon", DB_CONNECTION)
request_route {
	sql_query("ca", "insert into version (table_name, table_version) values ('mine', 7)");
	xlog("L_NOTICE", "insert $rc\\n");
	sql_query("ca", "select table_version from version where table_name='mine'", "ra");
	xlog("L_NOTICE", "select $rc rows $dbr(ra=>rows)\\n");
	sql_query("ca", "PRAGMA journal_mode", "rb");
	xlog("L_NOTICE", "journal $rc $dbr(rb=>[0,0])\\n");
	sl_send_reply("200", "OK");
}
`,
      ),
      [probe('rows', 'a row written and read, and how the file keeps its journal')],
      // Kamailio takes the path from behind the third slash, and finds the parameters by it.
      ['-A', `DB_CONNECTION="ca=>sqlite:///${preparedFile(name)}"`],
    ),
    {},
    [],
    ['standard'],
  );

// ---------------------------------------------------------------------------------------------------------------
// db_postgres

const postgres = withServerRows(
  'postgres',
  generated(
    'settings-postgres',
    cfg(
      'db_postgres sl pv textops xlog sqlops',
      `modparam("db_postgres", "con_param", "application_name=one;options=-cwork_mem=77kB")
modparam("db_postgres", "con_param", "application_name=two")
modparamx("sqlops", "sqlcon", "ca=>$(def(DBURL){s.unquote})")
request_route {
	sql_query("ca", "select current_setting('application_name'), current_setting('work_mem')", "ra");
	xlog("L_NOTICE", "$rc $dbr(ra=>[0,0]) $dbr(ra=>[0,1])\\n");
	sl_send_reply("200", "OK");
}
`,
    ),
    [probe('options', 'options of the client, as con_param names them')],
  ),
  {},
  [],
  ['standard'],
);

export default [
  small,
  silos,
  flat,
  texts,
  sqlite('sqlite-readonly', '"db_set_readonly", "FILE"'),
  sqlite('sqlite-journal', '"db_set_journal_mode", "FILE=MEMORY"'),
  postgres,
];
