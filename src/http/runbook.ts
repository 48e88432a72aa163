// The runbook as a document in each language, with the look of the page and the fragments that it has on GitHub. In a checkout it is rendered when somebody first asks for it; .ci/build.ts puts the finished pages in the
// place of this module, so that the bundle needs neither the files nor the library.
import { readFileSync } from 'node:fs';
import type { Token } from 'markdown-it';
import markdownIt from 'markdown-it';
import type { Language } from '../core/alerts/message.ts';
import { PAGE_EN } from '../core/texts/en/page.ts';
import { PAGE_ZH } from '../core/texts/zh/page.ts';

/** The headings that the contents list: the parts, and the sections that alerts link to. */
const LISTED = /^h[12]$/;

const SOURCES = {
  en: { file: 'docs/runbook.md', lang: 'en', texts: PAGE_EN },
  zh: { file: 'docs/zh-CN/runbook.md', lang: 'zh-Hans', texts: PAGE_ZH },
} as const satisfies Record<Language, object>;

const made: Partial<Record<Language, string>> = {};

/** HTML. It asks for files of the page, relative to itself: a proxy may serve it below a path of its own. */
export function runbookPage(language: Language): string {
  made[language] ??= render(language);
  return made[language];
}

function render(language: Language): string {
  const { file, lang, texts } = SOURCES[language];
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const markdown = markdownIt({ html: false });
  const tokens = markdown.parse(text, {});
  const contents = headingsOf(tokens).map(({ token, title, fragment }) => {
    token.attrSet('id', fragment);
    return LISTED.test(token.tag) ? `<li><a href="#${fragment}">${markdown.utils.escapeHtml(title)}</a></li>` : '';
  });
  return `<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${texts.views.runbook} · apple-secret-rotator</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="page.css">
<script src="scheme.js"></script>
</head>
<body class="document">
<nav aria-label="${texts.runbook.contents}"><p><a href="./">${texts.runbook.back}</a></p><ul>${contents.join('')}</ul></nav>
<main>
${markdown.renderer.render(tokens, markdown.options, {})}</main>
</body>
</html>
`;
}

/** The fragment is the one of GitHub: lower case, punctuation dropped, spaces as hyphens. */
function headingsOf(tokens: readonly Token[]) {
  return tokens.flatMap((token, index) => {
    const title = tokens[index + 1]?.content ?? '';
    const fragment = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    return token.type === 'heading_open' ? [{ token, title, fragment }] : [];
  });
}
