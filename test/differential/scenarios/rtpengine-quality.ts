/** rtpengine: the quality of a call in all its variables; SDP out of a variable; another default set; few nodes asked. */
import { ngRelay } from '../ng.js';
import { group, type Stage, scenario } from '../scenario.js';

const SDP =
  'v=0\r\no=alice 7 1 IN IP4 10.0.0.5\r\ns=call\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0 8\r\n';
const asked =
  (method: string, callId?: string, headers: readonly string[] = []) =>
  async ({ alice, uri }: Stage) => {
    await alice.request(method, uri('x'), { headers, body: SDP, ...(callId === undefined ? {} : { callId }) });
    await alice.receives(200);
  };
const relays = group('rtpengine-quality', 'rtpengine-quality.cfg', [
  scenario('quality', 'whole, and by side', asked('MESSAGE')),
  scenario('variable', 'the SDP of a variable is sent', asked('INFO')),
  scenario('limit', 'two nodes are asked, not three', asked('INFO', 'call-1-noports', ['X-Set: 1'])),
]);
const relay = (name: string) => ngRelay(name);
export default {
  ...relays,
  speaks: { edge: relay('edge'), voicemail: relay('voicemail'), gateway: relay('gateway'), dave: relay('dave') },
};
