import { appendFile, mkdir, mkdtemp, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realHost } from '../../../host/index.ts'
import { configFrom } from '../../../schema/index.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import type { OtherSide } from '../../../../test/conformance/sink.ts'
import { faultyDisk } from '../../../../test/kit/faulty-disk.ts'
import type { Answer, SourceHarness } from '../../../../test/conformance/source.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import { fileSchema, fileSourceSchema, stdoutSchema } from '../config.ts'
import { openFileSource } from '../source.ts'
import { sink as file } from '../sink.ts'
import { sink as stdout } from '../sink-stdout.ts'
import { openStdout } from '../sink-stdout.ts'

function idsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [(JSON.parse(line) as { id: string }).id]
    } catch {
      return []
    }
  })
}

async function startFile(): Promise<OtherSide> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-file-'))
  const path = join(folder, 'out', 'events.ndjson')
  const aside = join(folder, 'moved.ndjson')
  const disk = faultyDisk(realHost().disk)
  let release = (): void => undefined
  const text = async (from: string): Promise<string> => readFile(from, 'utf8').catch(() => '')
  return {
    build: (context, timeoutMs) =>
      file.build(configFrom(fileSchema, { path, timeout: `${timeoutMs}ms` }), {
        ...context,
        host: { ...context.host, disk },
      }),
    received: async () => idsOf((await text(aside)) + (await text(path))),
    refuse: async (on) => {
      await (on ? mkdir(path, { recursive: true }) : rmdir(path))
    },
    slow: (on) => {
      release()
      release = on ? disk.slow('sync') : (): void => undefined
      return Promise.resolve()
    },
    // The disk is full within a line, and has room later.
    disconnectAfter: (events) => {
      disk.fullAfter(events * 150 + 40)
      const roomy = disk.slow('truncate')
      setTimeout(() => {
        disk.roomy()
        roomy()
      }, 100)
      return Promise.resolve()
    },
    restart: () => rename(path, aside),
    stop: () => rm(folder, { recursive: true, force: true }),
  }
}

async function startStdout(): Promise<OtherSide> {
  let text = ''
  let reader: Socket | undefined
  const server = createServer((socket) => {
    reader = socket
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connected = once(server, 'connection')
  const writer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await connected
  const arrived = async (): Promise<void> => {
    for (let before = -1; before !== text.length;) {
      before = text.length
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return {
    build: (context, timeoutMs) => openStdout(configFrom(stdoutSchema, { timeout: `${timeoutMs}ms` }), context, writer),
    async received() {
      await arrived()
      return idsOf(text)
    },
    slow(on) {
      if (!on) return Promise.resolve(void reader?.resume())
      reader?.pause()
      writer.write(Buffer.alloc(32 * 1024 * 1024, ' '))
      return Promise.resolve()
    },
    stop: async () => {
      writer.destroy()
      reader?.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

let folder = ''

/** Lines are appended to a file that the source follows. */
const followed: SourceHarness = {
  redelivers: true,
  order: 'as received',
  async build(context) {
    if (context.cursor === undefined) folder = await mkdtemp(join(tmpdir(), 'weir-lines-'))
    const path = join(folder, 'flows.ndjson')
    await appendFile(path, '')
    const built = await openFileSource(configFrom(fileSourceSchema, { path, follow: true }), context)
    const append = async (text: string): Promise<Answer> => {
      const before = built.status()
      await appendFile(path, text)
      const { size } = await stat(path)
      for (;;) {
        const { position, why, malformed } = built.status()
        if (malformed > before.malformed) return 'refused'
        if (position === size) return 'accepted'
        if (why !== undefined && before.why === undefined) return 'retry'
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    return {
      source: built,
      send: (numbers) => append(numbers.map((number) => `{"Proto":6,"SrcPort":${number}}\n`).join('')),
      sendMalformed: () => append('no record\n'),
      close: () => Promise.resolve(),
    }
  },
  numbersIn(unit) {
    const ports = unit.kind === 'flows' ? (decodeBatch('flows', unit.raw) as FlowBatch).columns['src_port'] : undefined
    return ports?.kind === 'u16' ? [...ports.values] : []
  },
}

export const rig: Rig = {
  sources: [{ name: 'file', harness: followed, against: { system: 'file', server: 'a file system' } }],
  sinks: [
    {
      name: 'file',
      harness: { accepts: file.accepts, idempotency: file.idempotency, start: startFile },
      against: { system: 'file', server: 'a file system' },
    },
    {
      name: 'stdout',
      harness: { accepts: stdout.accepts, idempotency: stdout.idempotency, start: startStdout },
      against: { system: 'stdout', server: 'a pipe' },
    },
  ],
}
