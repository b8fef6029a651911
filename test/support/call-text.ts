/** The arguments of a call in a piece of cfg, each as it is written; null: it is not called there. */
export function argumentsOf(text: string, name: string): string[] | null {
  const at = new RegExp(`\\b${name}\\(`).exec(text);
  if (!at) return null;
  const found: string[] = [];
  let from = at.index + at[0].length;
  let quote = '';
  let depth = 0;
  const take = (to: number): void => {
    const argument = text.slice(from, to).trim();
    if (argument !== '') found.push(argument);
    from = to + 1;
  };
  for (let i = from; i < text.length; i++) {
    const c = text[i]!;
    if (quote !== '') {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '(') depth++;
    else if (c === ',' && depth === 0) take(i);
    else if (c === ')' && depth-- === 0) {
      take(i);
      return found;
    }
  }
  return null;
}
