/** Builds HTML; all values put into it are escaped, and hidden characters are shown. */

/** Made only by `html` and `constant`. */
export class Html {
  readonly text: string;

  constructor(text: string, key: typeof OURS) {
    if (key !== OURS) throw new TypeError('HTML is made by html`…`');
    this.text = text;
  }
}

const OURS = Symbol('made here');

/** `null` renders as nothing. */
export type Part = Html | string | number | null | readonly Part[];

/** Everything in `${…}` is escaped unless it is Html itself; attributes need their quotes: `title="${text}"`. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const texts = strings.map((text, index) => text + written(parts[index] ?? null));
  return new Html(texts.join(''), OURS);
}

/** A style or a script of our own, which is not escaped. Never for text from elsewhere. */
export function constant(text: string): Html {
  return new Html(text, OURS);
}

function written(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escaped(visible(String(part)));
  return part.map(written).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] ?? '');
}

/**
 * Characters that could hide, or make text look like other text: control characters, direction marks and other
 * invisible ones, lone surrogates, private and unassigned characters, and more than three marks on one letter.
 */
const HIDING = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?<=\p{M}{3})\p{M}/gu;
const PLAIN = /^[\n\t\x20-\x7e]*$/;

/** Writes such characters out (`\u202e`); line ends and tabs stay. */
export function visible(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll('\r\n', '\n').replace(HIDING, codes);
}

function codes(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');
}
