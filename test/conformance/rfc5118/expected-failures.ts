/** Messages with which we do something else than Kamailio, and why. */
export const expectedFailures: Readonly<Record<string, string>> = {};
