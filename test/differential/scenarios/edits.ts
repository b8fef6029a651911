/** textops and the core's own edits: each user name asks the cfg for one edit. */
import { group, type Stage, scenario } from '../scenario.js';

const headers = [
  'Subject: about',
  'X-Keep: keep this',
  'X-Many: a, b',
  'X-Remove: me',
  'X-Many: c',
  'X-Remove: me too',
  'User-Agent: Peer 1.0',
];

/** MESSAGE to the user that names the edit; bob answers what reaches him. */
const edit = (name: string, title: string, body = 'Hello\r\nworld\r\n') =>
  scenario(name, title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('MESSAGE', uri(`${name}.x`), { headers, body, type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  });
const refused = (name: string, title: string, status: number) =>
  scenario(name, title, async ({ alice, uri }: Stage) => {
    await alice.request('MESSAGE', uri(`${name}.x`), { headers, body: 'Hello', type: 'text/plain' });
    await alice.receives(status);
  });

export default group('edits', 'edits.cfg', [
  edit('none', 'no edit at all'),
  edit('forward', 'stateless, no edit'),
  edit('append', 'append_hf() at the end, with pseudo-variables'),
  edit('append-after', 'append_hf() after a header field, and after one that is not there'),
  edit('insert', 'insert_hf() before all and before a header field'),
  edit('remove', 'remove_hf() removes all of a name'),
  edit('remove-re', 'remove_hf_re()'),
  edit('remove-append', 'removed and appended again'),
  edit('subst', 'subst() with a group'),
  edit('subst-global', 'subst() everywhere, ignoring case'),
  edit('subst-uri', 'subst_uri()'),
  edit('subst-user', 'subst_user()'),
  edit('subst-body', 'subst_body() changes Content-Length'),
  edit('subst-hf', 'subst_hf()'),
  edit('replace', 'replace() and replace_all()'),
  edit('replace-body', 'replace_body()'),
  edit('set-body', 'set_body() in place of a body'),
  edit('set-body-new', 'set_body() where there was none', ''),
  edit('search', 'search(), search_body(), search_hf()'),
  edit('present', 'is_present_hf(), has_body()'),
  edit('invisible', 'edits are not visible before sending'),
  edit('apply', 'msg_apply_changes() makes them visible'),
  refused('append-reply', 'append_to_reply()', 480),
  refused('reply-body', 'set_reply_body()', 200),
  edit('hdr-pvs', '$hdr() with an index'),
  edit('user-prefix', 'prefix(), strip(), strip_tail()'),
  edit('rewrite', 'rewriteuser(), rewritehost(), rewriteport()'),
  edit('ruri-pvs', 'assigning $rU, $rd, $rp'),
  edit('from-to', 'the pseudo-variables of a request'),
  edit('duplicate', 'the same header removed twice'),
  edit('order', 'several edits at one place'),
]);
