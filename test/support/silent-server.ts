import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Takes connections, and never answers. It ends with the test. */
export async function startSilentServer(): Promise<{ endpoint: string; connections: ReadonlySet<Socket> }> {
  const connections = new Set<Socket>();
  const server = createServer(socket => void connections.add(socket));
  onTestFinished(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { endpoint: `http://127.0.0.1:${port}`, connections };
}
