/** sdpops: sdp_print(), which logs; the iterator is of later versions. */
import { type Case, stepGroup } from '../steps.js';

const sdp = 'v=0\r\no=alice 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8\r\n';
const print = (slug: string, title: string, options: Case['options']): Case => ({
  slug,
  title,
  answered: true,
  options: options ?? {},
  steps: ['$var(level) = 3;', 'sdp_print("1")', 'sdp_print("$var(level)")'],
});

export default stepGroup('sdpops-steps', 'sdpops', '', [
  print('sdp', 'sdp_print() on an SDP', { body: sdp, type: 'application/sdp' }),
  print('text', 'sdp_print() on another body', {}),
  print('empty', 'sdp_print() without a body', { body: '' }),
  print('broken', 'sdp_print() on an SDP that is none', { body: 'nonsense', type: 'application/sdp' }),
]);
