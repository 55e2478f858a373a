/** Texts that would do harm on a page that does not escape them. Each tries to leave a mark that a test can see. */

export const HOSTILE: readonly string[] = [
  '<script>window.pwned = 1</script>',
  '</script><script>window.pwned = 2</script>',
  '"><img src=x onerror="window.pwned = 3">',
  `' onmouseover='window.pwned = 4' x='`,
  '" autofocus tabindex=0 onfocus="window.pwned = 5" x="',
  '</style><style>body { display: none }</style>',
  '</title></svg></pre></table><iframe src="javascript:window.pwned = 6"></iframe>',
  '<a href="javascript:window.pwned = 7">click</a>',
  '<svg onload="window.pwned = 8"><animate onbegin="window.pwned = 9" attributeName="x"/></svg>',
  '<link rel="stylesheet" href="https://evil.example/x.css"><img src="https://evil.example/x.png">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<base href="https://evil.example/"><form action="https://evil.example/"><input name="q">',
  '&lt;script&gt; &#60;script&#62; &amp;amp;',
  '<!-- --!> <![CDATA[ ]]> <?xml ?>',
  '\u202eegnahc on si siht\u202c \u200f\u2066hidden\u2069 zero\u200bwidth\ufeff',
  'bell\u0007 escape\u001b[31mred null\u0000 delete\u007f \u0085 \u2028',
  `zalgo${'\u0301'.repeat(40)} lone \ud800 private \ue000`,
  'x'.repeat(400),
  `'; DROP TABLE konto; -- \${process.exit()} {{7*7}}`,
];
