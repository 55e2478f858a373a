/** The named groups that a pattern of the `pattern` resolver may have. */
export const PATTERN_GROUPS: readonly string[] = ['id', 'email', 'name'];
