/** XML that is made to hurt who reads it; each is asked of Kamailio too. */
export interface Bomb {
  readonly slug: string;
  readonly title: string;
  readonly document: (root: string) => string;
  /** Kamailio's parser refuses it too. */
  readonly refused: boolean;
}
const nested = (depth: number) => `${'<a>'.repeat(depth)}x${'</a>'.repeat(depth)}`;
const levels = (count: number, times: number): string =>
  Array.from({ length: count }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(times)}">`).join('');

export const bombs: readonly Bomb[] = [
  {
    slug: 'laughs',
    title: 'entities of entities, 10 to the 9th times',
    refused: true,
    document: (root) => `<!DOCTYPE ${root} [<!ENTITY l0 "lol">${levels(9, 10)}]><${root}>&l9;</${root}>`,
  },
  {
    slug: 'deep',
    title: 'nested 2,000 deep',
    refused: true,
    document: (root) => `<${root}>${nested(2000)}</${root}>`,
  },
  {
    slug: 'outside',
    title: 'an entity that is a file',
    refused: false,
    document: (root) => `<!DOCTYPE ${root} [<!ENTITY x SYSTEM "file:///etc/hostname">]><${root}><a>&x;</a></${root}>`,
  },
  {
    slug: 'itself',
    title: 'an entity of itself',
    refused: true,
    document: (root) => `<!DOCTYPE ${root} [<!ENTITY x "&x;">]><${root}><a>&x;</a></${root}>`,
  },
  {
    slug: 'attributes',
    title: '3,000 attributes',
    refused: false,
    document: (root) => `<${root} ${Array.from({ length: 3000 }, (_, i) => `a${i}=""`).join(' ')}/>`,
  },
];
