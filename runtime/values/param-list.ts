/** Lists of `name=value`, as pseudo-variable functions and `{param.…}` take them (Kamailio's parse_param.c). */
export interface ParamItem {
  readonly name: string;
  readonly value: string;
}
const MAX_ITEMS = 256;
/** `a=1;b;c="x y"`: null for a name with blanks in it, for quotes that do not close and for
 * an empty value before the end; a comma and `>` end the list (parse_params2). */
export function parseParamList(text: string, c = ';'): readonly ParamItem[] | null {
  const items: ParamItem[] = [];
  let at = 0;
  while (at < text.length) {
    at = skipBlank(text, at);
    const start = at;
    while (at < text.length && text[at] !== c && text[at] !== '=' && text[at] !== ',' && !isBlank(text[at])) at++;
    const name = text.slice(start, at);
    at = skipBlank(text, at);
    let found = '';
    if (text[at] === '=') {
      at = skipBlank(text, at + 1);
      const quote = text[at];
      if (quote === '"' || quote === "'") {
        const close = text.indexOf(quote, at + 1);
        if (close < 0) return null;
        found = text.slice(at + 1, close);
        at = skipBlank(text, close + 1);
      } else {
        const from = at;
        while (at < text.length && text[at] !== c && text[at] !== ',' && !isBlank(text[at])) at++;
        if (at === from && at < text.length) return null;
        found = text.slice(from, at);
        at = skipBlank(text, at);
      }
    }
    if (items.length === MAX_ITEMS) return null;
    items.push({ name, value: found });
    if ((text[at] === ',' && c !== ',') || text[at] === '>') break;
    if (at < text.length && text[at] !== c) return null;
    at++;
  }
  return items;
}
const isBlank = (c: string | undefined) => c === ' ' || c === '\t' || c === '\r' || c === '\n';
function skipBlank(text: string, from: number): number {
  let at = from;
  while (isBlank(text[at])) at++;
  return at;
}
