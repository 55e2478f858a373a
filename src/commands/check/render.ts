/** The findings of `check`, for people and for programs. */

import { styleText } from 'node:util';
import { harmless } from '../../lib/terminal-text.js';
import type { Finding } from './finding.js';

const COLORS = { ok: 'green', warning: 'yellow', failure: 'red' } as const;
const STATUS_WIDTH = 'failure'.length;

/** One line for each finding, with its fix and reason below; then the number of findings of each status. */
export function renderTable(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const rows = findings.map(finding => renderRow(finding, width));
  const count = (status: Finding['status']): number =>
    findings.filter(finding => finding.status === status).length;
  return `${rows.join('')}\n${count('ok')} ok, ${count('warning')} to look at, ${count('failure')} failed\n`;
}

function renderRow({ what, status, detail, why, fix }: Finding, width: number): string {
  const indent = ' '.repeat(STATUS_WIDTH + width + 4);
  const more = [...(fix === undefined ? [] : [`→ ${fix}`]), ...(why === undefined ? [] : [why])];
  const lines = [detail, ...more].flatMap((text, index) =>
    text
      .split('\n')
      .map(harmless)
      .map((line, part) => (part > 0 && index > 0 ? `  ${line}` : line)),
  );
  const head = `${styleText(COLORS[status], status.padEnd(STATUS_WIDTH))}  ${what.padEnd(width)}  `;
  return `${head}${lines.join(`\n${indent}`)}\n`;
}

export function renderJson(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, status, detail, why = null, fix = null }) => ({
    what,
    status,
    detail,
    why,
    fix,
  }));
  return `${JSON.stringify({ findings: rows })}\n`;
}
