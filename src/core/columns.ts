// How many columns of a terminal a text takes up: two for each Chinese, Japanese and Korean character.

/** Made when it is needed, because that takes as long as everything else that a short command loads. */
let segmenter: Intl.Segmenter | undefined;
/** Characters of East Asian width "wide" or "fullwidth" (Unicode Annex 11), by script and block, and emoji. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;
/** Katakana and Hangul of the block "Halfwidth and Fullwidth Forms" that take up one column. */
const HALFWIDTH = /^[\uff61-\uffdc]/;

/** Text whose characters take up one column each, as most does: to look at each of them takes fifty times as long. */
const PLAIN = /^[ -~]*$/;

/** How many columns of a terminal `text` takes up, if it is printable. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

/** The characters as a person sees them. */
export function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** How many columns one of them takes up. */
export function graphemeWidth(grapheme: string): number {
  if (/^\p{M}+$/u.test(grapheme)) return 0;
  return WIDE.test(grapheme) && !HALFWIDTH.test(grapheme) ? 2 : 1;
}

/** Whether a script that has no spaces, or an emoji, is in it. */
export function isWide(text: string): boolean {
  return WIDE.test(text);
}
