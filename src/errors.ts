/**
 * A failure that somebody has to act on.
 *
 * `code` is a short stable name, `message` says what to do. Neither ever holds SQL, parameters or
 * secrets (I8): they are built from paths, setting names and error codes only.
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

/**
 * The short name of any error: the code of the operating system, of gRPC or of HTTP, else the class.
 * Messages of libraries may quote the input, so logs get this instead.
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
