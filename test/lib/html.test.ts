/** Whatever is put into HTML is only text there. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { constant, Html, html, visible } from '../../src/lib/html.js';
import { openPage, startBrowser } from '../support/browser.js';
import { HOSTILE } from '../support/hostile-text.js';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' ', 'a', '\n', '\u202e', '\ud800', '`'),
  }),
  fc.constantFrom(...HOSTILE),
);

test('no text opens a tag, ends an attribute or begins an entity of its own', () => {
  fc.assert(
    fc.property(anyText, text => {
      const { text: written } = html`${text}`;
      expect(written).not.toMatch(/[<>"']/);
      expect(written.replaceAll(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
    }),
  );
});

test('a browser reads back the same text, in an element and in an attribute', async () => {
  const browser = await startBrowser();
  const { page, complaints } = await openPage(browser);
  const texts = [...HOSTILE, ...fc.sample(anyText, 300)];
  const items = texts.map(text => html`<li title="${text}">${text}</li>`);
  await page.setContent(html`<!doctype html><meta charset="utf-8"><ul>${items}</ul>`.text);
  const read = await page.evaluate<[string, string][]>(
    `[...document.querySelectorAll('li')].map(item => [item.title, item.textContent])`,
  );
  const elements = await page.evaluate<number>(`document.querySelectorAll('body *').length`);
  await browser.close();
  expect(read).toEqual(texts.map(text => [visible(text), visible(text)]));
  expect(elements).toBe(texts.length + 1);
  expect(complaints).toEqual([]);
});

test('hiding or controlling characters are written out; lines, tabs and letters stay', () => {
  expect(visible('a\u202eb\u0000c\u200bd\ue000')).toBe('a\\u202eb\\u0000c\\u200bd\\ue000');
  expect(visible('Kåre\tØl\nאב 漢字 \u{1F600}')).toBe('Kåre\tØl\nאב 漢字 \u{1F600}');
  expect(visible('one\r\ntwo\rthree')).toBe('one\ntwo\\u000dthree');
  expect(visible(`e${'\u0301'.repeat(5)}`)).toBe(`e${'\u0301'.repeat(3)}\\u0301\\u0301`);
});

test('parts are joined, and HTML stays HTML', () => {
  expect(html`<p>${['a', html`<b>${'<'}</b>`, 1, null]}</p>${constant('<i></i>')}`.text).toBe(
    '<p>a<b>&lt;</b>1</p><i></i>',
  );
});

test('HTML cannot be made from elsewhere', () => {
  expect(() => Reflect.construct(Html, ['<script>', Symbol('forged')])).toThrow(TypeError);
});
