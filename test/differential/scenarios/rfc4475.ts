/**
 * The torture messages of RFC 4475 at the stock config: what is answered, and that the next request still is.
 * The messages are data from outside the tree; only start lines of what came back are in the goldens.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { group, scenario } from '../scenario.js';

const messages =
  'badaspec badbranch baddate baddn badinv01 badvers bcast bext01 bigcode clerr cparam01 cparam02 dblreq esc01 esc02 escnull escruri insuf intmeth inv2543 invut longreq ltgtruri lwsdisp lwsruri lwsstart mcl01 mismatch01 mismatch02 mpart01 multi01 ncl noreason novelsc quotbal regaut01 regbadct regescrt scalar02 scalarlg sdp01 semiuri transports trws unkscm unksm2 unreason wsinv zeromf';

export default group(
  'rfc4475',
  '/etc/kamailio/kamailio.cfg',
  messages.split(' ').map((name) => {
    const file = fileURLToPath(new URL(`../../../../shared/conformance/rfc4475/${name}.dat`, import.meta.url));
    return scenario(
      name,
      'as in RFC 4475',
      async ({ alice, pause, uri }) => {
        await alice.raw(readFileSync(file, 'latin1'));
        // Another call, which may overtake; and nobody knows whether there will be an answer to wait for.
        for (let waited = 0; waited < 150 && alice.received.length === 0; waited += 10) await pause(10);
        await alice.request('OPTIONS', uri());
        await alice.receives(200);
      },
      { outlineOnly: true, files: [file] },
    );
  }),
);
