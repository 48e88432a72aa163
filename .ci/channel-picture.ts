// A message as the service behind a channel shows it, drawn from what was posted there: headline and colour, then text
// in which bold and code are told apart. It is no copy of any service's looks; it shows what a person gets to read, and
// which line can be copied.
import type { Json, JsonObject } from '../src/core/json.ts';

/** What a channel shows. The lines hold the marks of MARKS. */
export interface Shown {
  readonly service: string;
  readonly colour: string;
  readonly title: string;
  readonly lines: readonly string[];
}

/** Private characters around bold text and around code. */
const MARKS = { bold: '\uE000', code: '\uE001' } as const;
const COLOURS: Readonly<Record<string, string>> = {
  ...{ '🔴': '#c01343', '🟠': '#b54708', '🟢': '#067647', '🔵': '#175cd3' },
  ...{ warning: '#d9480f', info: '#067647', comment: '#667085' },
  ...{ red: '#c01343', orange: '#b54708', green: '#067647', blue: '#175cd3' },
};
const DARK = '#1d1c1d';

const bold = (text: string) => MARKS.bold + text + MARKS.bold;
const code = (text: string) => MARKS.code + text + MARKS.code;
const at = (value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined =>
  path.reduce<Json | undefined>((here, key) => (here as JsonObject | undefined)?.[key], value);
const textAt = (value: Json | undefined, ...path: readonly (string | number)[]) => String(at(value, ...path) ?? '');

function unescaped(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, number) => String.fromCharCode(Number(number)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}

/** Markdown as WeCom, DingTalk and Feishu know it. */
function markdown(text: string): string[] {
  return text.split('\n').map((line) =>
    unescaped(
      line
        .trimEnd()
        .replace(/\*\*(.+?)\*\*/g, (_, inner) => bold(inner))
        .replace(/`([^`]+)`/g, (_, inner) => code(inner))
        .replace(/\[([^\]]+)\]\(https?:[^)]+\)/g, '$1')
        .replace(/<@([^>]+)>|<at id=([^>]+)><\/at>/g, (_, wecom, feishu) => `@${wecom ?? feishu}`)
        .replace(/\\([*_])/g, '$1'),
    ),
  );
}

function slackLines(text: string): string[] {
  return text.split('\n').map((line) =>
    unescaped(
      line
        .replace(/```(.+?)```|`([^`]+)`/g, (_, block, inline) => code(block ?? inline))
        .replace(/^\*([^*]+)\*/, (_, inner) => bold(inner))
        .replace(/<https?:[^|>]+\|([^>]+)>/g, '$1')
        .replace(/<[!@](?:subteam\^)?([^>]+)>/g, '@$1'),
    ),
  );
}

function htmlLines(html: string): string[] {
  return (
    html
      .replaceAll('\r', '')
      .replace(/<div style="margin[^>]*><div style="font-size.*\n/, '')
      // A blank line, which the filter below keeps, between paragraphs.
      .replace(/<div style="margin[^>]*>/g, ' \n')
      .replace(/<pre[^>]*>(.*?)<\/pre>(?:<br>)?/g, (_, inner) => `${code(inner)}`)
      .replace(/<code>(.*?)<\/code>/g, (_, inner) => code(inner))
      .replace(/<b>(.*?)<\/b>/g, (_, inner) => bold(inner))
      .replace(/<[^>]+>/g, '')
      .split('\n')
      .map(unescaped)
      .filter((line) => line !== '')
      .slice(1)
  );
}

const rows = (value: Json | undefined) =>
  Object.entries((value ?? {}) as JsonObject).map(([key, each]) =>
    /^paste/.test(key) ? `${bold(key)}  ${code(String(each))}` : `${bold(key)}  ${String(each)}`,
  );

/** By the type of the channel: what is shown of what was posted. Of a mail: its subject and its HTML. */
export const SHOWN: Readonly<Record<string, (body: Json) => Omit<Shown, 'service'>>> = {
  slack(body) {
    const [header, ...sections] = (at(body, 'blocks') ?? []) as Json[];
    const title = textAt(header, 'text', 'text');
    const lines = sections.flatMap((section) => ['', ...slackLines(textAt(section, 'text', 'text'))]).slice(1);
    return { colour: COLOURS[[...title][0] ?? ''] ?? DARK, title, lines };
  },
  wecom(body) {
    const [head = '', , ...lines] = textAt(body, 'markdown', 'content').split('\n');
    const [, name = '', title = ''] = /^### <font color="(\w+)">(.*)<\/font>$/.exec(head) ?? [];
    return { colour: COLOURS[name] ?? DARK, title: unescaped(title), lines: markdown(lines.join('\n')) };
  },
  dingtalk(body) {
    const [head = '', , ...lines] = textAt(body, 'markdown', 'text').split('\n');
    return { colour: DARK, title: markdown(head.slice(4)).join(''), lines: markdown(lines.join('\n')) };
  },
  feishu(body) {
    const header = at(body, 'card', 'header');
    const elements = (at(body, 'card', 'elements') ?? []) as Json[];
    return {
      colour: COLOURS[textAt(header, 'template')] ?? DARK,
      title: textAt(header, 'title', 'content'),
      lines: elements.flatMap((element) => ['', ...markdown(textAt(element, 'content'))]).slice(1),
    };
  },
  pagerduty: (body) => ({
    colour: DARK,
    title: textAt(body, 'payload', 'summary'),
    lines: [...rows(at(body, 'payload', 'custom_details')), `${bold('client')}  ${textAt(body, 'client_url')}`],
  }),
  alertmanager: (body) => ({
    colour: DARK,
    title: textAt(body, 0, 'labels', 'alertname'),
    lines: rows(at(body, 0, 'annotations')),
  }),
  email(body) {
    const html = textAt(body, 'html');
    const colour = /font-weight:bold;color:(#\w+)/.exec(html)?.[1] ?? DARK;
    return { colour, title: textAt(body, 'subject'), lines: htmlLines(html) };
  },
};

interface Token {
  readonly text: string;
  readonly style: keyof typeof MARKS | 'plain';
}

/** Characters of Chinese take two columns. */
const width = (text: string) =>
  [...text].reduce((sum, each) => sum + (/[\u2e80-\uffef\u{1f300}-\u{1faff}]/u.test(each) ? 2 : 1), 0);

/** Words, and single characters of Chinese, between which a row may end. */
function tokensOf(line: string): Token[] {
  let style: Token['style'] = 'plain';
  return line.split(/([\uE000\uE001])/).flatMap((part) => {
    const mark = (['bold', 'code'] as const).find((each) => MARKS[each] === part);
    if (mark !== undefined) {
      style = style === mark ? 'plain' : mark;
      return [];
    }
    const own = style;
    return (part.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]{1,40}|\s+/gu) ?? []).map((text) => ({ text, style: own }));
  });
}

/** Rows of at most `columns`. */
function wrapped(line: string, columns: number): Token[][] {
  const result: Token[][] = [[]];
  let used = 0;
  for (const token of tokensOf(line)) {
    if (used + width(token.text) > columns && used > 0) {
      result.push([]);
      used = 0;
      if (/^\s+$/.test(token.text)) continue;
    }
    result.at(-1)?.push(token);
    used += width(token.text);
  }
  return result;
}

export const escapeXml = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const SANS = '-apple-system,Segoe UI,Helvetica,Arial,PingFang SC,Microsoft YaHei,Noto Sans CJK SC,sans-serif';
const MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,Noto Sans Mono CJK SC,monospace';
const STYLES: Readonly<Record<Token['style'], string>> = {
  plain: '',
  bold: ' font-weight="700"',
  code: ` font-family="${MONO}" font-size="13" fill="#c01343"`,
};
const WIDTH = 820;
const COLUMNS = 92;
const ROW = 21;

/** The messages below each other, as one SVG. */
export function channelPicture(messages: readonly Shown[], label: string): string {
  let y = 0;
  const body = messages.map((message) => {
    const { svg, height } = panel(message, y);
    y += height + 16;
    return svg;
  });
  const height = y - 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(label)}">
<g font-family="${SANS}" font-size="15" fill="${DARK}">
${body.join('\n')}
</g>
</svg>
`;
}

function panel({ service, colour, title, lines }: Shown, top: number): { svg: string; height: number } {
  const head = wrapped(bold(title), COLUMNS - 6);
  const rowsShown = [...head, [], ...lines.flatMap((line) => wrapped(line, COLUMNS))];
  const height = 58 + rowsShown.length * ROW;
  const texts = rowsShown.map((tokens, index) => {
    const fill = index < head.length ? ` fill="${colour}"` : '';
    const spans = tokens.map(({ text, style }) => `<tspan${STYLES[style]}>${escapeXml(text)}</tspan>`).join('');
    return spans === '' ? '' : `<text x="24" y="${top + 62 + index * ROW}" xml:space="preserve"${fill}>${spans}</text>`;
  });
  const frame = `<rect x="0.5" y="${top + 0.5}" width="${WIDTH - 1}" height="${height - 1}" rx="8" fill="#ffffff" stroke="#d0d7de"/>
<rect x="0.5" y="${top + 0.5}" width="6" height="${height - 1}" rx="3" fill="${colour}"/>
<text x="24" y="${top + 30}" font-size="13" fill="#667085">${escapeXml(service)}</text>`;
  return { svg: [frame, ...texts.filter((text) => text !== '')].join('\n'), height };
}
