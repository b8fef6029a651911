/** Messages with which we do something else than Kamailio, and why. */
export const expectedFailures: Readonly<Record<string, string>> = {
  // `uri==myself` holds for a URI that cannot be parsed, so the stock config answers OPTIONS before the sanity check.
  novelsc: 'answered by a line of the config that this test does not run',
  unkscm: 'answered by a line of the config that this test does not run',
};
