/** xmlops: documents, expressions, assignments. */
import { group, type Stage, scenario } from '../scenario.js';
import { bombs } from '../xml-bombs.js';

const ask = (slug: string, title: string, body: string) =>
  scenario(slug, title, async ({ alice, uri }: Stage) => {
    await alice.request('MESSAGE', uri('x'), { body, type: 'application/pidf+xml' });
    await alice.receives(200);
  });
const pidf = (inside: string, declaration = '<?xml version="1.0" encoding="UTF-8"?>\n') =>
  `${declaration}<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:r="urn:rpid" entity="sip:a@b">${inside}</presence>`;
const tuple = (id: string, more = '') => `<tuple id="${id}"><status><basic>open</basic></status>${more}</tuple>`;

export default group('xml', 'xml.cfg', [
  ...['laughs', 'itself', 'outside'].flatMap((slug) =>
    bombs.filter((bomb) => bomb.slug === slug).map(({ title, document }) => ask(slug, title, document('presence'))),
  ),
  ask(
    'two',
    'two tuples, a note, a mood',
    pidf(`${tuple('t1')}${tuple('t2', '<note>hi &amp; bye</note>')}<r:mood a="1"/><!-- c -->`),
  ),
  ask(
    'spaced',
    'white space and characters beyond ASCII',
    pidf(`\n ${tuple('t1', '<note>gr\xc3\xbc\xc3\x9f</note>')}\n <![CDATA[x]]>\n`),
  ),
  ask('undeclared', 'no declaration', pidf(tuple('t1', '<note>\xc3\xa9</note>'), '')),
  ask('no-xml', 'a body that is not XML', 'Messages-Waiting: yes\r\n'),
  ask('long', 'a body longer than buf_size', pidf(tuple('t1', `<note>${'x'.repeat(3500)}</note>`))),
]);
