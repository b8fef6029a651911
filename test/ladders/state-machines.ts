/**
 * The four transaction state machines of RFC 3261 (Figures 5 to 8) with what RFC 6026 changes, a row for each state and
 * event. `as` says whose times the row shows: `tm`'s, the default, or the RFC's own (`rfc_mode`); `both` when they agree.
 * `alone` is the smallest `rfc_mode` a row of the RFC's takes: it is played with that and with all of them.
 *
 * A row is the body of a ladder. The user in the Request-URI says what the route does with the request: see `routes`.
 */
import { playLadder } from '../support/ladder.js';
import { parseLadder } from '../support/ladder-file.js';
import { startLadderServer } from '../support/ladder-server.js';

export interface Row {
  readonly figure: '5: INVITE client' | '6: non-INVITE client' | '7: INVITE server' | '8: non-INVITE server';
  readonly state: string;
  readonly event: string;
  readonly section: string;
  readonly as: 'tm' | 'rfc' | 'both';
  readonly steps: string;
  readonly alone: number;
  /** Not with all of them: what it shows is of that one. */
  readonly only: boolean;
}
/** All of `rfc_mode`. */
const ALL = 7;

const routes = `
  loadmodule "tm.so"
  loadmodule "sl.so"
  loadmodule "pv.so"
  loadmodule "corex.so"
  loadmodule "textops.so"
  request_route {
    if (is_method("ACK")) {
      if (t_check_trans()) exit;
      $du = "sip:127.0.0.1:20001";
      t_relay();
      exit;
    }
    switch ($rU) {
      case "taken": t_newtran(); t_reply("200", "OK"); exit;
      case "refused": t_newtran(); t_reply("404", "Not Found"); exit;
      case "later": t_newtran(); t_reply("182", "Queued"); t_reply("404", "Not Found"); t_reply("500", "Too Late"); exit;
      case "queued": t_newtran(); t_reply("182", "Queued"); $du = "sip:127.0.0.1:20001"; t_relay(); exit;
      case "stream": $du = "sip:127.0.0.1:20001;transport=tcp"; break;
      default: $du = "sip:127.0.0.1:20001";
    }
    t_relay();
  }
`;

const calling = `
  alice -> proxy : INVITE sip:relay@127.0.0.1
  proxy -> alice : 100
  proxy -> bob   : INVITE`;
const ringing = `${calling}
  bob   -> proxy : 180 tag=b1
  proxy -> alice : 180`;
const refused = `${calling}
  bob   -> proxy : 486 tag=b1
  proxy -> bob   : ACK
  proxy -> alice : 486
  alice -> proxy : ACK`;
const accepted = `${calling}
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200`;
const trying = `
  alice -> proxy : MESSAGE sip:relay@127.0.0.1
  proxy -> bob   : MESSAGE`;
const proceeding = `${trying}
  bob   -> proxy : 182 tag=b1
  proxy -> alice : 182`;
const completed = `${trying}
  bob   -> proxy : 404 tag=b1
  proxy -> alice : 404`;
const nothingLeft = '\n  after 34s      : no transaction is left';

const rows =
  (figure: Row['figure']) =>
  (state: string, event: string, section: string, as: Row['as'], steps: string, alone = ALL, only = false): Row => ({
    figure,
    state,
    event,
    section,
    as,
    steps,
    alone,
    only,
  });
const client = rows('5: INVITE client');
const plainClient = rows('6: non-INVITE client');
const server = rows('7: INVITE server');
const plainServer = rows('8: non-INVITE server');

export const stateMachines: readonly Row[] = [
  // RFC 3261 §17.1.1, RFC 6026 §7.2 ----------------------------------------------------------------------------------
  client(
    'Calling',
    'timer A',
    '17.1.1.2',
    'tm',
    `${calling}
  # doubling up to T2
  proxy -> bob   : INVITE again within 501ms
  proxy -> bob   : INVITE again within 1001ms
  proxy -> bob   : INVITE again within 2001ms
  proxy -> bob   : INVITE again 6 times within 4001ms
  proxy -> alice : 408 within 4s
  alice -> proxy : ACK${nothingLeft}`,
  ),
  client(
    'Calling',
    'timer A',
    '17.1.1.2',
    'rfc',
    `${calling}
  proxy -> bob   : INVITE again within 501ms
  proxy -> bob   : INVITE again within 1001ms
  proxy -> bob   : INVITE again within 2001ms
  proxy -> bob   : INVITE again within 4001ms
  proxy -> bob   : INVITE again within 8001ms
  proxy -> bob   : INVITE again within 16001ms
  # timer B: 64*T1
  proxy -> alice : 408 within 501ms
  alice -> proxy : ACK${nothingLeft}`,
    4,
  ),
  client(
    'Calling',
    '1xx',
    '17.1.1.2',
    'both',
    `${calling}
  bob   -> proxy : 180 tag=b1
  proxy -> alice : 180
  # no timer A any more
  after 20s
  bob   -> proxy : 486 tag=b1
  proxy -> bob   : ACK
  proxy -> alice : 486
  alice -> proxy : ACK${nothingLeft}`,
  ),
  client(
    'Calling',
    '2xx',
    '17.1.1.2, RFC 6026 7.2',
    'both',
    `${calling}
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200
  alice -> proxy : ACK sip:bob@127.0.0.1:20001
  proxy -> bob   : ACK${nothingLeft}`,
  ),
  client(
    'Calling',
    '300-699',
    '17.1.1.2',
    'both',
    `${calling}
  bob   -> proxy : 603 tag=b1
  proxy -> bob   : ACK ; Via.branch is the INVITE's, CSeq is "1 ACK", To.tag is b1
  proxy -> alice : 603
  alice -> proxy : ACK${nothingLeft}`,
  ),
  client(
    'Calling',
    'transport error',
    '17.1.4',
    'both',
    `
  peer carrier tcp 127.0.0.1:20001
  cut carrier
  alice -> proxy : INVITE sip:stream@127.0.0.1
  proxy -> alice : 100
  proxy -> alice : 477
  alice -> proxy : ACK${nothingLeft}`,
  ),
  client(
    'Proceeding',
    '1xx',
    '17.1.1.2',
    'both',
    `${ringing}
  bob   -> proxy : 183 tag=b1
  proxy -> alice : 183
  bob   -> proxy : 486 tag=b1
  proxy -> bob   : ACK
  proxy -> alice : 486
  alice -> proxy : ACK${nothingLeft}`,
  ),
  client(
    'Proceeding',
    '2xx',
    '17.1.1.2',
    'both',
    `${ringing}
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200
  alice -> proxy : ACK sip:bob@127.0.0.1:20001
  proxy -> bob   : ACK${nothingLeft}`,
  ),
  client(
    'Proceeding',
    '300-699',
    '17.1.1.2',
    'both',
    `${ringing}
  bob   -> proxy : 302 tag=b1
  proxy -> bob   : ACK
  proxy -> alice : 302
  alice -> proxy : ACK${nothingLeft}`,
  ),
  client(
    'Proceeding',
    'timer C',
    '16.8',
    'both',
    `${ringing}
  # fr_inv_timer: two minutes
  proxy -> bob   : CANCEL within 121s ; Via.branch is the INVITE's
  proxy -> alice : 408
  alice -> proxy : ACK
  bob   -> proxy : 200 to CANCEL
  bob   -> proxy : 487 to INVITE tag=b1
  proxy -> bob   : ACK${nothingLeft}`,
  ),
  client(
    'Completed',
    '300-699 again',
    '17.1.1.2',
    'both',
    `${refused}
  bob   -> proxy : 486 again
  proxy -> bob   : ACK again
  after 4s
  bob   -> proxy : 486 again
  proxy -> bob   : ACK again${nothingLeft}`,
  ),
  client(
    'Completed',
    'timer D not over',
    '17.1.1.2',
    'rfc',
    `${refused}
  after 30s
  bob   -> proxy : 486 again
  proxy -> bob   : ACK again
  after 5s       : no transaction is left`,
    1,
  ),
  client(
    'Completed',
    'timer D',
    '17.1.1.2',
    'tm',
    `${refused}
  after 4s       : 1 transaction is left
  after 2s       : no transaction is left`,
  ),
  client(
    'Accepted',
    '2xx again',
    'RFC 6026 7.2',
    'both',
    `${accepted}
  bob   -> proxy : 200 again
  proxy -> alice : 200 again
  alice -> proxy : ACK sip:bob@127.0.0.1:20001
  proxy -> bob   : ACK${nothingLeft}`,
  ),
  client(
    'Accepted',
    '2xx of a fork behind it',
    'RFC 6026 7.2',
    'both',
    `${accepted}
  bob   -> proxy : 200 tag=b2
  proxy -> alice : 200 ; To.tag is b2${nothingLeft}`,
  ),
  client(
    'Accepted',
    '2xx long after',
    '16.7, RFC 6026 7.2',
    'both',
    `${accepted}
  after 20s
  bob   -> proxy : 200 again
  proxy -> alice : 200 again${nothingLeft}`,
  ),
  client(
    'Accepted',
    'timer M',
    'RFC 6026 7.2',
    'rfc',
    `${accepted}
  after 31s      : 1 transaction is left
  after 2s       : no transaction is left`,
    1,
  ),
  client(
    'Accepted',
    'timer M',
    'RFC 6026 7.2',
    'tm',
    `${accepted}
  after 4s       : 1 transaction is left
  after 2s       : no transaction is left`,
  ),

  // §17.1.2 ----------------------------------------------------------------------------------------------------------
  plainClient(
    'Trying',
    'timer E, timer F',
    '17.1.2.2',
    'tm',
    `${trying}
  proxy -> bob   : MESSAGE again within 501ms
  proxy -> bob   : MESSAGE again within 1001ms
  proxy -> bob   : MESSAGE again within 2001ms
  proxy -> bob   : MESSAGE again 6 times within 4001ms
  proxy -> alice : 408 within 4s${nothingLeft}`,
  ),
  plainClient(
    'Trying',
    'timer E, timer F',
    '17.1.2.2, RFC 4320 4.2',
    'rfc',
    `${trying}
  proxy -> bob   : MESSAGE again within 501ms
  proxy -> bob   : MESSAGE again within 1001ms
  proxy -> bob   : MESSAGE again within 2001ms
  proxy -> bob   : MESSAGE again 7 times within 4001ms
  # no 408: it would come too late
  after 34s      : no transaction is left`,
    6,
  ),
  plainClient(
    'Trying',
    'timer F',
    'RFC 4320 4.2',
    'rfc',
    `${trying}
  proxy -> bob   : MESSAGE again within 501ms
  proxy -> bob   : MESSAGE again within 1001ms
  proxy -> bob   : MESSAGE again within 2001ms
  proxy -> bob   : MESSAGE again 6 times within 4001ms
  # fr_timer, and no 408
  after 10s      : no transaction is left`,
    2,
    true,
  ),
  plainClient(
    'Trying',
    'timer F',
    '17.1.2.2',
    'rfc',
    `${trying}
  proxy -> bob   : MESSAGE again within 501ms
  proxy -> bob   : MESSAGE again within 1001ms
  proxy -> bob   : MESSAGE again within 2001ms
  proxy -> bob   : MESSAGE again 7 times within 4001ms
  proxy -> alice : 408 within 1s${nothingLeft}`,
    4,
    true,
  ),
  plainClient(
    'Trying',
    'transport error',
    '17.1.4',
    'both',
    `
  peer carrier tcp 127.0.0.1:20001
  cut carrier
  alice -> proxy : MESSAGE sip:stream@127.0.0.1
  proxy -> alice : 477${nothingLeft}`,
  ),
  plainClient(
    'Trying',
    '1xx',
    '17.1.2.2',
    'both',
    `${trying}
  bob   -> proxy : 182 tag=b1
  proxy -> alice : 182
  bob   -> proxy : 202 tag=b1
  proxy -> alice : 202${nothingLeft}`,
  ),
  plainClient(
    'Trying',
    '200-699',
    '17.1.2.2',
    'both',
    `${trying}
  bob   -> proxy : 404 tag=b1
  proxy -> alice : 404${nothingLeft}`,
  ),
  plainClient(
    'Proceeding',
    'timer E',
    '17.1.2.2',
    'both',
    `${proceeding}
  # every T2 from now on
  proxy -> bob   : MESSAGE again within 4001ms
  proxy -> bob   : MESSAGE again within 4001ms
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200${nothingLeft}`,
  ),
  plainClient(
    'Proceeding',
    'timer F',
    '17.1.2.2',
    'tm',
    `${proceeding}
  proxy -> bob   : MESSAGE again 7 times within 4001ms
  proxy -> alice : 408 within 4s${nothingLeft}`,
  ),
  plainClient(
    'Proceeding',
    'timer F',
    '17.1.2.2',
    'rfc',
    `${proceeding}
  proxy -> bob   : MESSAGE again 7 times within 4001ms
  after 38s      : no transaction is left`,
    6,
  ),
  plainClient(
    'Proceeding',
    'transport error',
    '17.1.4',
    'tm',
    `
  peer carrier tcp 127.0.0.1:20001
  alice -> proxy : MESSAGE sip:stream@127.0.0.1
  proxy -> carrier : MESSAGE
  carrier -> proxy : 182 tag=b1
  proxy -> alice : 182
  close carrier
  # nothing is to be sent that could fail: timer F
  proxy -> alice : 408 within 31s${nothingLeft}`,
  ),
  plainClient(
    'Proceeding',
    '1xx',
    '17.1.2.2',
    'both',
    `${proceeding}
  bob   -> proxy : 181 tag=b1
  proxy -> alice : 181
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200${nothingLeft}`,
  ),
  plainClient(
    'Proceeding',
    '200-699',
    '17.1.2.2',
    'both',
    `${proceeding}
  bob   -> proxy : 603 tag=b1
  proxy -> alice : 603${nothingLeft}`,
  ),
  plainClient(
    'Completed',
    'a response again',
    '17.1.2.2',
    'both',
    `${completed}
  bob   -> proxy : 404 again
  after 3s
  bob   -> proxy : 404 again${nothingLeft}`,
  ),
  plainClient(
    'Completed',
    'timer K',
    '17.1.2.2',
    'tm',
    `${completed}
  after 4s       : 1 transaction is left
  after 2s       : no transaction is left`,
  ),
  plainClient(
    'Completed',
    'timer K',
    '17.1.2.2',
    'rfc',
    `${completed}
  # T4, five seconds, is over long before timer J, which the branch waits for
  after 31s      : 1 transaction is left
  after 2s       : no transaction is left`,
    1,
  ),

  // §17.2.1, RFC 6026 §7.1 -------------------------------------------------------------------------------------------
  server(
    'Proceeding',
    'INVITE',
    '17.2.1',
    'both',
    `${calling}
  alice -> proxy : INVITE again
  proxy -> alice : 100 again
  bob   -> proxy : 180 tag=b1
  proxy -> alice : 180
  alice -> proxy : INVITE again
  proxy -> alice : 180 again
  bob   -> proxy : 486 tag=b1
  proxy -> bob   : ACK
  proxy -> alice : 486
  alice -> proxy : ACK${nothingLeft}`,
  ),
  server(
    'Proceeding',
    '1xx from the route',
    '17.2.1',
    'both',
    `
  alice -> proxy : INVITE sip:later@127.0.0.1
  proxy -> alice : 182
  proxy -> alice : 404
  alice -> proxy : ACK${nothingLeft}`,
  ),
  server(
    'Proceeding',
    '2xx from the route',
    '13.3.1.4, RFC 6026 7.1',
    'both',
    `
  alice -> proxy : INVITE sip:taken@127.0.0.1
  proxy -> alice : 200
  # made here, so sent again here until the ACK
  proxy -> alice : 200 again within 501ms
  alice -> proxy : ACK${nothingLeft}`,
  ),
  server(
    'Proceeding',
    '300-699 from the route',
    '17.2.1',
    'both',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  alice -> proxy : ACK${nothingLeft}`,
  ),
  server(
    'Proceeding',
    'transport error',
    'RFC 6026 7.1',
    'both',
    `
  peer bob
  peer alice tcp
  alice -> proxy : INVITE sip:relay@127.0.0.1
  proxy -> alice : 100
  proxy -> bob   : INVITE
  bob   -> proxy : 180 tag=b1
  proxy -> alice : 180
  close alice
  cut alice
  # who called is gone: the branch is acknowledged, the response goes nowhere
  bob   -> proxy : 486 tag=b1
  proxy -> bob   : ACK${nothingLeft}`,
  ),
  server(
    'Completed',
    'INVITE',
    '17.2.1',
    'both',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  alice -> proxy : INVITE again
  proxy -> alice : 404 again
  alice -> proxy : ACK${nothingLeft}`,
  ),
  server(
    'Completed',
    'timer G',
    '17.2.1',
    'both',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  proxy -> alice : 404 again within 501ms
  proxy -> alice : 404 again within 1001ms
  proxy -> alice : 404 again within 2001ms
  alice -> proxy : ACK${nothingLeft}`,
  ),
  server(
    'Completed',
    'timer H',
    '17.2.1',
    'rfc',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  proxy -> alice : 404 again within 501ms
  proxy -> alice : 404 again within 1001ms
  proxy -> alice : 404 again within 2001ms
  proxy -> alice : 404 again 7 times within 4001ms
  after 34s      : no transaction is left`,
    5,
  ),
  server(
    'Completed',
    'timer H',
    '17.2.1',
    'tm',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  # wt_timer, five seconds, ends it first
  proxy -> alice : 404 again within 501ms
  proxy -> alice : 404 again within 1001ms
  proxy -> alice : 404 again within 2001ms
  after 10s      : no transaction is left`,
  ),
  server(
    'Completed',
    'timer H',
    '17.2.1',
    'rfc',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  # with 4 alone wt_timer still ends it
  proxy -> alice : 404 again within 501ms
  proxy -> alice : 404 again within 1001ms
  proxy -> alice : 404 again within 2001ms
  after 10s      : no transaction is left`,
    4,
    true,
  ),
  server(
    'Completed',
    'ACK',
    '17.2.1',
    'both',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  alice -> proxy : ACK
  # Confirmed: timer G is off
  after 3s${nothingLeft}`,
  ),
  server(
    'Completed',
    'a response of the route',
    '17.2.1',
    'both',
    `
  alice -> proxy : INVITE sip:later@127.0.0.1
  proxy -> alice : 182
  # the 500 is not sent
  proxy -> alice : 404
  alice -> proxy : ACK${nothingLeft}`,
  ),
  server(
    'Completed',
    'transport error',
    'RFC 6026 7.1',
    'both',
    `
  peer bob
  peer alice tcp
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  close alice
  cut alice
  # no ACK can come: timer H${nothingLeft}`,
  ),
  server(
    'Confirmed',
    'ACK again',
    '17.2.1',
    'both',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  alice -> proxy : ACK
  alice -> proxy : ACK again
  after 2s
  alice -> proxy : ACK again${nothingLeft}`,
  ),
  server(
    'Confirmed',
    'timer I',
    '17.2.1',
    'tm',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  alice -> proxy : ACK
  after 4s       : 1 transaction is left
  after 2s       : no transaction is left`,
  ),
  server(
    'Confirmed',
    'timer I',
    '17.2.1',
    'rfc',
    `
  alice -> proxy : INVITE sip:refused@127.0.0.1
  proxy -> alice : 404
  alice -> proxy : ACK
  # T4, five seconds, is over; timer D of a branch would be as long as this
  after 31s      : 1 transaction is left
  after 2s       : no transaction is left`,
    1,
  ),
  server(
    'Accepted',
    'INVITE',
    'RFC 6026 7.1',
    'rfc',
    `${accepted}
  # absorbed: bob sends his 2xx again himself
  alice -> proxy : INVITE again
  after 20s
  alice -> proxy : INVITE again${nothingLeft}`,
    1,
  ),
  server(
    'Accepted',
    'INVITE',
    '17.2.1',
    'tm',
    `${accepted}
  alice -> proxy : INVITE again
  proxy -> alice : 200 again${nothingLeft}`,
  ),
  server(
    'Accepted',
    'ACK',
    'RFC 6026 7.1',
    'both',
    `${accepted}
  alice -> proxy : ACK sip:bob@127.0.0.1:20001
  proxy -> bob   : ACK ; Via.branch is new${nothingLeft}`,
  ),
  server(
    'Accepted',
    '2xx again from the branch',
    'RFC 6026 7.1',
    'both',
    `${accepted}
  bob   -> proxy : 200 again
  proxy -> alice : 200 again
  alice -> proxy : ACK sip:bob@127.0.0.1:20001
  proxy -> bob   : ACK${nothingLeft}`,
  ),
  server(
    'Accepted',
    'timer L',
    'RFC 6026 7.1',
    'rfc',
    `${accepted}
  after 31s      : 1 transaction is left
  after 2s       : no transaction is left`,
    1,
  ),
  server(
    'Accepted',
    'timer L',
    'RFC 6026 7.1',
    'tm',
    `${accepted}
  after 4s       : 1 transaction is left
  after 2s       : no transaction is left`,
  ),
  server(
    'Accepted',
    'transport error',
    'RFC 6026 7.1',
    'both',
    `
  peer bob
  peer alice tcp
  alice -> proxy : INVITE sip:relay@127.0.0.1
  proxy -> alice : 100
  proxy -> bob   : INVITE
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200
  close alice
  cut alice
  bob   -> proxy : 200 again${nothingLeft}`,
  ),

  // §17.2.2 ----------------------------------------------------------------------------------------------------------
  plainServer(
    'Trying',
    'request again',
    '17.2.2',
    'both',
    `${trying}
  # nothing to send again yet
  alice -> proxy : MESSAGE again
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200${nothingLeft}`,
  ),
  plainServer(
    'Trying',
    '1xx from the route',
    '17.2.2',
    'both',
    `
  alice -> proxy : MESSAGE sip:queued@127.0.0.1
  proxy -> alice : 182
  proxy -> bob   : MESSAGE
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200${nothingLeft}`,
  ),
  plainServer(
    'Trying',
    '200-699 from the route',
    '17.2.2',
    'both',
    `
  alice -> proxy : MESSAGE sip:refused@127.0.0.1
  proxy -> alice : 404${nothingLeft}`,
  ),
  plainServer(
    'Proceeding',
    'request again',
    '17.2.2',
    'both',
    `
  alice -> proxy : MESSAGE sip:queued@127.0.0.1
  proxy -> alice : 182
  proxy -> bob   : MESSAGE
  alice -> proxy : MESSAGE again
  proxy -> alice : 182 again
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200${nothingLeft}`,
  ),
  plainServer(
    'Proceeding',
    '1xx',
    '17.2.2',
    'both',
    `
  alice -> proxy : MESSAGE sip:queued@127.0.0.1
  proxy -> alice : 182
  proxy -> bob   : MESSAGE
  bob   -> proxy : 183 tag=b1
  proxy -> alice : 183
  bob   -> proxy : 200 tag=b1
  proxy -> alice : 200${nothingLeft}`,
  ),
  plainServer(
    'Proceeding',
    '200-699 from the route',
    '17.2.2',
    'both',
    `
  alice -> proxy : MESSAGE sip:later@127.0.0.1
  proxy -> alice : 182
  proxy -> alice : 404${nothingLeft}`,
  ),
  plainServer(
    'Proceeding',
    'transport error',
    '17.2.4',
    'both',
    `
  peer bob
  peer alice tcp
  alice -> proxy : MESSAGE sip:queued@127.0.0.1
  proxy -> alice : 182
  proxy -> bob   : MESSAGE
  close alice
  cut alice
  bob   -> proxy : 200 tag=b1${nothingLeft}`,
  ),
  plainServer(
    'Completed',
    'request again',
    '17.2.2',
    'both',
    `${completed}
  alice -> proxy : MESSAGE again
  proxy -> alice : 404 again
  after 3s
  alice -> proxy : MESSAGE again
  proxy -> alice : 404 again${nothingLeft}`,
  ),
  plainServer(
    'Completed',
    'request again, late',
    '17.2.2',
    'rfc',
    `${completed}
  after 30s
  alice -> proxy : MESSAGE again
  proxy -> alice : 404 again${nothingLeft}`,
    1,
  ),
  plainServer(
    'Completed',
    'a response of the route',
    '17.2.2',
    'both',
    `
  alice -> proxy : MESSAGE sip:later@127.0.0.1
  proxy -> alice : 182
  # the 500 is not sent
  proxy -> alice : 404${nothingLeft}`,
  ),
  plainServer(
    'Completed',
    'timer J',
    '17.2.2',
    'tm',
    `${completed}
  after 4s       : 1 transaction is left
  after 2s       : no transaction is left`,
  ),
  plainServer(
    'Completed',
    'timer J',
    '17.2.2',
    'rfc',
    `${completed}
  after 31s      : 1 transaction is left
  after 2s       : no transaction is left`,
    1,
  ),
  plainServer(
    'Completed',
    'transport error',
    '17.2.4',
    'both',
    `
  peer bob
  peer alice tcp
  alice -> proxy : MESSAGE sip:later@127.0.0.1
  proxy -> alice : 182
  proxy -> alice : 404
  close alice
  cut alice${nothingLeft}`,
  ),
];

/** A row with this `rfc_mode`. */
export function playRow(row: Row, mode: number): Promise<void> {
  const steps = row.steps.replace(/^ {2}/gm, '').trim();
  const cfg = `cfg:\n${routes.trimEnd()}\n  modparam("tm", "rfc_mode", ${mode})\n`;
  // A peer named in the steps stands where bob would.
  const peer = steps.startsWith('peer ') ? '' : 'peer bob\n';
  return playLadder(parseLadder(`${row.state}.ladder`, `# ${row.event}\n${cfg}${peer}${steps}\n`), startLadderServer);
}
/** With which a row is played. */
export function modesOf({ as, alone, only }: Row): readonly number[] {
  if (as === 'both') return [0, ALL];
  if (as === 'tm') return [0];
  return only || alone === ALL ? [alone] : [alone, ALL];
}

/** States and events of the figures, RFC 6026's instead of those it replaces; the rows of each. */
export const figures: Readonly<Record<Row['figure'], Readonly<Record<string, readonly string[]>>>> = {
  '5: INVITE client': {
    Calling: ['timer A', '1xx', '2xx', '300-699', 'transport error'],
    Proceeding: ['1xx', '2xx', '300-699', 'timer C'],
    Completed: ['300-699 again', 'timer D'],
    Accepted: ['2xx again', 'timer M'],
  },
  '6: non-INVITE client': {
    Trying: ['timer E, timer F', '1xx', '200-699', 'transport error'],
    Proceeding: ['timer E', 'timer F', '1xx', '200-699', 'transport error'],
    Completed: ['a response again', 'timer K'],
  },
  '7: INVITE server': {
    Proceeding: ['INVITE', '1xx from the route', '2xx from the route', '300-699 from the route', 'transport error'],
    Completed: ['INVITE', 'ACK', 'timer G', 'timer H', 'transport error'],
    Confirmed: ['ACK again', 'timer I'],
    Accepted: ['INVITE', 'ACK', '2xx again from the branch', 'timer L', 'transport error'],
  },
  '8: non-INVITE server': {
    Trying: ['1xx from the route', '200-699 from the route', 'request again'],
    Proceeding: ['request again', '1xx', '200-699 from the route', 'transport error'],
    Completed: ['request again', 'a response of the route', 'timer J', 'transport error'],
  },
};
