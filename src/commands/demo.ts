export async function demo(_: { keep: boolean }): Promise<number> { return 0; }
