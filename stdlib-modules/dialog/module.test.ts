import { describe, expect, it } from 'vitest';
import { Dialog, Direction, nextState, State } from './dialog.js';
import { didText, parseDid } from './follow.js';
import { Profile, parseProfiles, parseProfilesText, profilesText } from './profiles.js';
import { withoutAlias } from './requests.js';
import { DialogTable, slotsOf } from './table.js';

const made = (callId = 'c1', tag = 'a') => {
  const dialog = new Dialog({ callId, fromUri: 'sip:a', toUri: 'sip:b', requestUri: 'sip:b', nowSec: 100 });
  dialog.caller.fill({ tag, routeSet: '', contact: 'sip:a@1', cseq: '1' });
  return dialog;
};

describe('a dialog', () => {
  it.each([
    ['a', '', Direction.downstream],
    ['x', 'a', Direction.upstream],
    ['x', 'y', Direction.none],
  ])('before the answer: from %j to %j', (ftag, ttag, way) => expect(made().directionOf('c1', ftag, ttag)).toBe(way));
  it.each([
    ['a', 'b', Direction.downstream],
    ['b', 'a', Direction.upstream],
    ['a', '', Direction.none],
    ['a', 'x', Direction.none],
  ])('afterwards: from %j to %j', (ftag, ttag, way) => {
    const dialog = made();
    dialog.state = State.confirmed;
    dialog.callee.tag = 'b';
    expect(dialog.directionOf('c1', ftag, ttag)).toBe(way);
    expect(dialog.directionOf('c2', ftag, ttag)).toBe(Direction.none);
  });
  it('variables: a new one comes first, a known one keeps its place', () => {
    const dialog = made();
    for (const [key, value] of [['x', '1'], ['y', '2'], ['x', '3']] as const) dialog.set(key, value); // biome-ignore format: pairs
    expect(dialog.vars.map(({ key, value }) => key + value)).toEqual(['y2', 'x3']);
    expect([dialog.set('x', null), dialog.set('x', null), dialog.get('x')]).toEqual([true, false, null]);
    expect(dialog.goneVars).toEqual([]);
    dialog.vars[0]!.isNew = false;
    dialog.set('y', null);
    expect(dialog.goneVars).toEqual(['y']);
  });
  it('states: what each event leads to', () => {
    const dialog = made();
    const after = (state: State, event: Parameters<typeof nextState>[1]) => {
      dialog.state = state;
      return nextState(dialog, event)?.state ?? 'bogus';
    };
    const all = [State.unconfirmed, State.early, State.confirmedNoAck, State.confirmed, State.deleted] as const;
    const table = (event: Parameters<typeof nextState>[1]) => all.map((state) => after(state, event));
    expect(table('provisional')).toEqual([2, 2, 'bogus', 'bogus', 'bogus']);
    expect(table('success')).toEqual([3, 3, 3, 4, 3]);
    expect(table('failure')).toEqual([5, 5, 'bogus', 'bogus', 'bogus']);
    expect(table('ACK')).toEqual(['bogus', 'bogus', 4, 4, 5]);
    expect(table('BYE')).toEqual(['bogus', 2, 5, 5, 5]);
    expect(table('PRACK')).toEqual(['bogus', 2, 3, 'bogus', 5]);
    expect(table('request')).toEqual(['bogus', 2, 3, 4, 5]);
  });
});

describe('the table', () => {
  const table = (more: Partial<{ idStart: number; idStep: number }> = {}) => {
    const gone: Dialog[] = [];
    const t = new DialogTable({ size: 4, idStart: 0, idStep: 1, random: () => 5, ...more }, (d) => void gone.push(d));
    return { t, gone };
  };
  it('finds by Call-ID and tags, and by number', () => {
    const { t, gone } = table();
    const [first, second, other] = [made(), made(), made('c2')];
    for (const d of [first, second, other]) t.link(d);
    expect(t.find({ callId: 'c1', ftag: 'a', ttag: '' })?.dialog).toBe(second);
    first.callee.tag = 'b';
    expect(t.find({ callId: 'c1', ftag: 'a', ttag: 'b' })?.dialog).toBe(first);
    expect(t.byId(first.entry, first.id)).toBe(first);
    expect(second.id).toBe(first.id + 1);
    expect([...t.all()]).toHaveLength(3);
    t.release(first);
    t.hold(second);
    t.release(second);
    expect([gone, t.count, t.ofCall('c1')]).toEqual([[first], 2, second]);
    t.release(second, 2);
    expect([t.ofCall('c1'), t.byId(second.entry, second.id), [...t.all()]]).toEqual([null, null, [other]]);
    t.release(second);
    expect(gone).toEqual([first, second]);
  });
  it('numbers with a step stay apart; one from a database moves them on', () => {
    const { t } = table({ idStart: 3, idStep: 10 });
    const [a, b, c] = [made(), made(), made()];
    t.link(a);
    expect(a.id % 10).toBe(3);
    t.link(b, a.id + 100);
    t.link(c);
    expect(c.id).toBe(b.id + 10);
  });
  it.each([[4096, 4096], [1000, 512], [0, 1], [1, 1]])('hash_size %d is %d', (asked, size) => expect(slotsOf(asked)).toBe(size)); // biome-ignore format: rows
});

describe('texts', () => {
  it('did, there and back', () => {
    expect(didText(0x1a2, 0)).toBe('2a1.0');
    expect(parseDid('2a1.0')).toEqual({ entry: 0x1a2, id: 0 });
    for (const bad of ['', '.', '1', 'x.1', '1.2.3', `${'1'.repeat(20)}.1`]) expect(parseDid(bad)).toBeNull();
  });
  it.each([
    ['sip:a@10.0.0.1;alias=1.2.3.4~5070~2', { uri: 'sip:a@10.0.0.1', nextHop: 'sip:1.2.3.4:5070;transport=tcp' }],
    ['sip:a@b;alias=1.2.3.4~5070~1;x=y', { uri: 'sip:a@b;x=y', nextHop: 'sip:1.2.3.4:5070;transport=udp' }],
    ['sip:a@b;alias=nonsense', null],
    ['sip:a@b', null],
  ])('the alias of %s', (uri, expected) => expect(withoutAlias(uri)).toEqual(expected));
  it('names of profiles', () => {
    const all = new Map<string, Profile>();
    expect([parseProfiles(' a ; b;', false, all), [...all.keys()]]).toEqual([null, ['a', 'b']]);
    expect([parseProfiles('b', true, all), parseProfiles('x y', true, all)]).toEqual([
      'profile b is named twice',
      'profile name x y may have letters, digits and _ only',
    ]);
  });
  it('profiles in xdata, there and back; what is no JSON is nothing', () => {
    const profile = new Profile('p', true);
    const link = { profile, value: 'v"', uid: 'u', dialog: null, expires: 0 };
    expect(parseProfilesText(profilesText([link]) ?? '')).toEqual([{ name: 'p', value: 'v"', puid: 'u' }]);
    expect([profilesText([]), parseProfilesText('{'), parseProfilesText('{"profiles":[{"name":1},null]}')]).toEqual([
      null,
      [],
      [],
    ]);
  });
  it('members of other servers go at their time', () => {
    const profile = new Profile('p', true);
    expect(
      profile.addRemote('v', 'u1', 50) && profile.addRemote('v', 'u1', 50) && profile.addRemote('v', 'u2', 0),
    ).toBe(true);
    expect(profile.size('v')).toBe(2);
    profile.dropExpired(51);
    expect([
      profile.size('v'),
      profile.size(null),
      profile.dropRemote('v', 'u1'),
      profile.dropRemote('v', 'u2'),
    ]).toEqual([1, 1, false, true]);
  });
});
