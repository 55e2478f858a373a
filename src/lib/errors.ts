/**
 * A failure that somebody has to act on.
 *
 * `code` is a short stable name, `message` says what to do. Neither ever contains SQL, parameters or secrets (I8): they
 * are built only from paths, setting names and error codes.
 */
export class ShipperError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ShipperError';
    this.code = code;
  }
}

/** The saved state cannot be trusted; starting over silently would lose or double events. */
export class StateError extends ShipperError {
  constructor(message: string, cause?: unknown) {
    super('state', message, cause);
  }
}

/** The original of a redacted text could not be encrypted. */
export class EscrowError extends ShipperError {
  constructor() {
    super('escrow', 'the original of a redacted text could not be encrypted: give the daemon more memory');
  }
}

/**
 * A short name for any error: the code of the operating system, of gRPC or of HTTP, else the class. Messages of
 * libraries may quote the input, so logs get this instead.
 */
export function codeOf(error: unknown): string {
  if (error instanceof Error) {
    const code: unknown = Reflect.get(error, 'code');
    return typeof code === 'string' || typeof code === 'number' ? String(code) : error.name;
  }
  return 'unknown';
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(codeOf(error));
}

/** The system call and the path that failed, if the operating system names them. */
export function failedCallOf(error: unknown): { syscall?: unknown; path?: unknown } {
  const [syscall, path]: unknown[] = [
    Reflect.get(Object(error), 'syscall'),
    Reflect.get(Object(error), 'path'),
  ];
  return { ...(typeof syscall === 'string' && { syscall }), ...(typeof path === 'string' && { path }) };
}

/** Where an error was thrown, without its message: a library's message may quote its input. */
export function framesOf(error: unknown): string[] {
  return ((error instanceof Error && error.stack) || '')
    .split('\n')
    .filter(line => /^ {4}at /.test(line))
    .map(line => line.trim());
}
