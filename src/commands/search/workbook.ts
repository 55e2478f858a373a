/** Rows as an Excel workbook, written as they come: what was written is not kept in memory. */

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { WorkbookWriter } from '@cj-tech-master/excelts';
import type { Cell, Sheet } from './columns.js';

/** Excel's own limits. */
const MOST_ROWS = 1_048_576;
const LONGEST_CELL = 32_767;
/** Characters that are kept for saying that a cell is cut. */
const NOTE = 100;
const TIME = { numFmt: 'yyyy-mm-dd hh:mm:ss.000', alignment: { vertical: 'top' } } as const;
const TEXT = { alignment: { vertical: 'top', wrapText: true } } as const;

export class Workbook<T> {
  readonly #sheet: Sheet<T>;
  readonly #file: Writable;
  readonly #book: WorkbookWriter;
  readonly #mostRows: number;
  #page: ReturnType<WorkbookWriter['addWorksheet']>;
  #pages = 0;
  #rows = 0;
  /** Rows with a text that a cell cannot hold; the cell says how much is missing. */
  cut = 0;

  constructor(sheet: Sheet<T>, file: Writable, mostRows = MOST_ROWS) {
    this.#sheet = sheet;
    this.#file = file;
    this.#mostRows = mostRows;
    this.#book = new WorkbookWriter({ stream: file, useStyles: true, useSharedStrings: false });
    this.#page = this.#addPage();
  }

  async write(row: T): Promise<void> {
    if (this.#rows === this.#mostRows) {
      this.#endPage();
      this.#page = this.#addPage();
    }
    let isCut = false;
    const cells = this.#sheet.cells(row).map(cell => {
      if (typeof cell === 'string' && cell.length > LONGEST_CELL) isCut = true;
      return toValue(cell);
    });
    if (isCut) this.cut += 1;
    this.#page.addRow(cells).commit();
    this.#rows += 1;
    if (this.#file.writableNeedDrain) await once(this.#file, 'drain');
  }

  async end(): Promise<void> {
    this.#endPage();
    await this.#book.commit();
  }

  /** Each column gets a filter over the page's rows. */
  #endPage(): void {
    const to = { row: this.#rows, col: this.#sheet.columns.length };
    this.#page.autoFilter = { from: { row: 1, col: 1 }, to };
    this.#page.commit();
  }

  /** With the head, which stays in sight. */
  #addPage(): ReturnType<WorkbookWriter['addWorksheet']> {
    this.#pages += 1;
    const page = this.#book.addWorksheet(this.#pages === 1 ? 'search' : `search ${this.#pages}`, {
      views: [{ state: 'frozen', xSplit: 0, ySplit: 1 }],
    });
    const { columns } = this.#sheet;
    page.columns = columns.map(({ title, width, isTime }) => ({
      header: title,
      width,
      style: isTime === true ? TIME : TEXT,
    }));
    this.#rows = 1;
    return page;
  }
}

function toValue(cell: Cell): string | number | Date | null {
  if (typeof cell === 'string') return literal(fitted(cell));
  return typeof cell === 'object' && cell !== null ? new Date(cell.wall) : cell;
}

/** In a workbook `_x202E_` is the character itself (ECMA-376, ST_Xstring), which would be shown unescaped. */
function literal(text: string): string {
  return text.replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_');
}

function fitted(text: string): string {
  if (text.length <= LONGEST_CELL) return text;
  const kept = text.slice(0, LONGEST_CELL - NOTE);
  return `${kept}… (${text.length - kept.length} more characters: search --id with --format long)`;
}
