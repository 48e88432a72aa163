// A listener on the line between the program and the sandbox: it passes on every request and answer as they are, and
// keeps what was said. The sandbox's own record has no secrets, and a test that looks for leaks must know them all.
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Tape {
  readonly url: string;
  /** Everything that went over the line so far: request lines, headers and bodies of both directions. */
  text(): string;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and passes everything on to `target`. */
export async function startTape(target: string): Promise<Tape> {
  const said: string[] = [];
  const keep = async (message: IncomingMessage): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for await (const part of message) parts.push(part);
    const body = Buffer.concat(parts);
    said.push(`${message.url ?? ''}\n${message.rawHeaders.join('\n')}\n${body.toString('utf8')}\n`);
    return body;
  };
  const server = createServer(async (incoming, outgoing) => {
    const body = await keep(incoming);
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? '/', target), { method, headers, agent: false });
    // The program goes, the sandbox is told; the sandbox hangs up, so does the line.
    outgoing.once('close', () => onward.destroy());
    onward.once('error', () => outgoing.destroy());
    onward.once('response', async (answer) => {
      const { statusCode = 502, headers: answered } = answer;
      const content = await keep(answer).catch(() => undefined);
      if (content === undefined) outgoing.destroy();
      else outgoing.writeHead(statusCode, answered).end(content);
    });
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text: () => said.join('\n'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
