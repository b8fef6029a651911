/** Configs that sipc takes and Kamailio refuses, or the other way: the config → why. A row without a difference fails the test. */
const later = 'a form of later versions';
const atStart = 'passes -c; Kamailio refuses it when it prepares the routes at start';

export const explained: Readonly<Record<string, string>> = {
  '#!define A\\n#!undef A\\n#!define A\\n': 'later versions have #!undef; 5.6.3 takes it for a comment. sipc says so',
  '#!defexp A 1 + 2\\nroute[EXP] { if (A == 3) exit; }':
    'later versions have #!defexp; 5.6.3 takes it for a comment. sipc says so',
  '#!defexps A "x" + "y"\\nroute[EXP] { if (A == 3) exit; }': 'as #!defexp',
  'socket = { bind = udp:127.0.0.1:5070; }': later,
  'socket = { bind = udp:127.0.0.1:5070; advertise = 192.0.2.1:5080; name = "a"; virtual = yes; }': later,
  'socket = { name = "a"; }': later,
  'return_mode=1': later,
  'domain=example.org': later,
  'listen=*:5070': 'the address * is taken as all addresses',
  'listen="127.0.0.1:5070"': 'the quoted form with a port is taken',
  'listen="udp:127.0.0.1:5070"': 'the quoted form with a transport is taken',
  'alias=1.example.org': 'a host name may start with a digit (RFC 1123)',
  'flags FLAG_A:32': 'refused where the flag is used',
  'flags FLAG_A:1\nflags FLAG_A:2': 'the last one counts',
  'switch ($var(x)) { case 1: exit; case 1: drop; }': atStart,
  'route(A);': atStart,
  'route("A");': atStart,
  'route(1);': atStart,
  '$var(x) = @no.such.select;': atStart,
  'if ($rU =~ "[") exit;': atStart,
  'if ($rU =~ "(a|b") exit;': atStart,
  '\\ exit;': 'Kamailio prints a character it does not know and goes on; here it is an error',
};
