/** Header fields that are lists of values (textopsx): each user name asks the cfg for one edit. */
import { group, type Stage, scenario } from '../scenario.js';

const headers = [
  'Foo: one;p=1 , two',
  'Single: alone',
  'FOO:  "quoted, comma" <sip:q@example.com;x=y>;p="a;b";q=1,three;P = 3;p=4',
  'Plain: just words here',
  'Contact: "A, B" <sip:a@example.com;p=1>;expires=30, sip:b@example.com;expires=40;q=0.1',
  'Authorization: Digest username="alice", realm="example.com",nonce = "n1", uri="sip:example.com;x=y", opaque="last"',
];
const edit = (name: string, title: string) =>
  scenario(name, title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('MESSAGE', uri(`${name}.x`), { headers, body: 'Hello', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  });

export default group('hf-values', 'hf-values.cfg', [
  edit('append', 'append_hf_value() without an index'),
  edit('append-n', 'behind the n-th value'),
  edit('append-last', 'counted from the end'),
  edit('append-far', 'behind a value that is not there'),
  edit('insert', 'insert_hf_value() without an index'),
  edit('insert-n', 'before the n-th value'),
  edit('insert-none', 'before a value that is not there'),
  edit('remove', 'remove_hf_value(): the first and the last'),
  edit('remove-middle', 'one in the middle'),
  edit('remove-single', 'the only one takes the field with it'),
  edit('remove-all', 'all fields'),
  edit('remove-param', 'a parameter'),
  edit('remove-params', 'a parameter of all values'),
  edit('remove2', 'remove_hf_value2(): a whole field'),
  edit('remove2-param', 'a parameter of Authorization'),
  edit('remove2-last', 'the last parameter'),
  edit('remove2-all', 'all'),
  edit('assign', 'assign_hf_value()'),
  edit('assign-param', 'a parameter, new or not'),
  edit('assign-params', 'a parameter of all values'),
  edit('assign-empty', 'a parameter without a value'),
  edit('assign2', 'assign_hf_value2()'),
  edit('assign2-none', 'where there is no parameter yet'),
  edit('include', 'include_hf_value()'),
  edit('exclude', 'exclude_hf_value()'),
  edit('exists', 'hf_value_exists()'),
  edit('selects', '@hf_value2'),
]);
