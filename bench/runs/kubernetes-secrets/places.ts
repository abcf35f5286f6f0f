// Everything that Weir sends or stores: messages at receivers, API responses, and every file of the data folder,
// decoded.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DuckDBInstance } from '@duckdb/node-api'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { unpacked } from '../../../src/connectors/kubernetes/source/blocks.ts'
import { realHost } from '../../../src/host/index.ts'
import { Parts } from '../../../src/journal/reader.ts'
import { Walk } from '../../../src/journal/walk.ts'
import { nowhere } from '../../../src/model/positions.ts'
import type { WeirProcess } from '../../../test/kit/weir-process.ts'

/** Receives bytes and their place; must not retain them. */
export type Look = (place: string, bytes: Uint8Array) => void

/** An HTTP server that keeps received headers and bodies. */
export class Receiver {
  readonly #server: Server
  readonly pieces: Buffer[] = []

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => {
      this.pieces.push(Buffer.from(`${request.url} ${request.rawHeaders.join(' ')}\n`))
      request
        .on('data', (piece: Buffer) => this.pieces.push(piece))
        .on('end', () => response.writeHead(204).end())
        .on('error', () => response.destroy())
    })
  }

  static async start(): Promise<Receiver> {
    const server = createServer({ maxHeaderSize: 64 * 1024 * 1024 })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return new Receiver(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Reads an endless response until it is stopped. */
export function listen(url: string): { readonly pieces: Uint8Array[]; stop(): Promise<void> } {
  const stop = new AbortController()
  const pieces: Uint8Array[] = []
  const reading = (async () => {
    const answer = await ask(url, { signal: stop.signal })
    if (!answer.ok || answer.body === null) throw new Error(`${url} answered ${answer.status}`)
    for await (const piece of answer.body) pieces.push(piece)
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })
  return {
    pieces,
    async stop() {
      stop.abort()
      await reading
    },
  }
}

/** Retries once if the server closed a kept connection. */
async function ask(url: string, options: RequestInit = {}, again = true): Promise<Response> {
  try {
    return await fetch(url, options)
  } catch (cause) {
    if (again) return ask(url, options, false)
    throw new Error(`${url} cannot be queried: ${String((cause as Error).cause ?? cause)}`, { cause })
  }
}

export async function lookAtStream(url: string, stream: string, look: Look): Promise<number> {
  const connection = await connect({ servers: url })
  try {
    const {
      state: { messages },
    } = await (await jetstreamManager(connection)).streams.info(stream)
    const consumer = await jetstream(connection).consumers.get(stream)
    let seen = 0
    while (seen < messages) {
      const before = seen
      for await (const message of await consumer.fetch({
        max_messages: Math.min(2000, messages - seen),
        expires: 10_000,
      })) {
        const headers = [...(message.headers ?? [])].map(([name, values]) => `${name}: ${values.join(' ')}`).join('\n')
        look(stream, Buffer.concat([Buffer.from(`${message.subject}\n${headers}\n`), message.data]))
        seen++
      }
      if (seen === before) throw new Error(`the stream ${stream} gave ${seen} of ${messages} messages`)
    }
    return messages
  } finally {
    await connection.close()
  }
}

const queries = ['events', 'changes', 'resources', 'relations']

/**
 * All responses of the API about clusters: statements in each form, all pages, single objects, and endpoints
 * without parameters.
 */
export async function lookAtApi(weir: WeirProcess, look: Look, mostOfAKind: number): Promise<void> {
  const get = async (url: string) => {
    const answer = await ask(url)
    const text = await answer.text()
    look(`GET ${new URL(url).pathname}`, Buffer.from(text))
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 300)}`)
    return text
  }
  for (const view of queries) {
    for (const format of ['json', 'ndjson', 'csv', 'table']) {
      const answer = await ask(`${weir.url}/api/v1/sql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sql: `SELECT * FROM ${view}`, format }),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`SELECT * FROM ${view} was answered ${answer.status}: ${text.slice(0, 300)}`)
      look(`SQL as ${format}`, Buffer.from(text))
    }
  }
  const pages = async <Row>(name: string, more: string) => {
    const rows: Row[] = []
    for (let cursor = ''; ;) {
      const page = JSON.parse(
        await get(
          `${weir.url}/api/v1/${name}?${more}&limit=1000` +
            (cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`),
        ),
      ) as Record<string, Row[]> & { next?: string | null }
      rows.push(...(page[name] ?? []))
      if (page.next === undefined || page.next === null) return rows
      cursor = page.next
    }
  }
  const changes = await pages<{ pos: string; ref?: string }>('changes', 'noise=shown')
  for (const { pos } of changes.slice(0, mostOfAKind))
    await get(`${weir.url}/api/v1/changes/one?pos=${encodeURIComponent(pos)}`)
  const objects = await pages<{ ref: string }>('resources', 'at=now')
  for (const { ref } of objects.slice(0, mostOfAKind))
    await get(`${weir.url}/api/v1/resources/one?ref=${encodeURIComponent(ref)}`)
  for (const path of [
    'clusters',
    'ledger',
    'pipeline',
    'health',
    'dead-letters',
    'fields',
    'exporters',
    'saved',
    'quick-filters',
    'me',
    'openapi.json',
  ])
    await get(`${weir.url}/api/v1/${path}`)
  for (const path of ['/metrics', '/healthz/live', '/debug/pprof/heap?seconds=1']) {
    const answer = await ask(`${weir.opsUrl}${path}`)
    look(`GET ${path}`, Buffer.from(await answer.arrayBuffer()))
  }
}

/** The files and their content: frames, database values, columns. Weir must not run. */
export async function lookAtFolder(
  folder: string,
  look: Look,
): Promise<{ readonly frames: number; readonly values: number; readonly columns: number }> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of files) look(`file ${relative(folder, file).replace(/[\d-]{6,}.*(?=\.)/, '…')}`, readFileSync(file))
  const frames = await lookAtFrames(join(folder, 'journal'), look)
  let [values, columns] = [0, 0]
  for (const file of files) {
    if (file.endsWith('.sqlite')) values += lookAtDatabase(file, look)
    if (file.endsWith('.parquet')) columns += await lookAtColumns(file, look)
  }
  return { frames, values, columns }
}

async function lookAtFrames(directory: string, look: Look): Promise<number> {
  const problems: unknown[] = []
  const walk = new Walk({
    disk: realHost().disk,
    directory,
    after: nowhere,
    onUnreadable: (stretch) => problems.push(stretch),
  })
  const parts = new Parts()
  let frames = 0
  for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) {
    const frame = parts.add(walked)
    if (frame === undefined) continue
    look('frames of the journal', frame.body())
    frames++
  }
  await walk.close()
  if (problems.length > 0) throw new Error(`the journal cannot be read: ${JSON.stringify(problems)}`)
  return frames
}

function lookAtDatabase(file: string, look: Look): number {
  const database = new DatabaseSync(file)
  let values = 0
  try {
    for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
      for (const row of database.prepare(`SELECT * FROM "${String(name)}"`).iterate()) {
        for (const value of Object.values(row)) {
          if (typeof value === 'string') look('values of the map of objects', Buffer.from(value))
          // A block holds several documents.
          else if (value instanceof Uint8Array)
            for (const document of name === 'blocks' ? unpacked(value) : [value])
              look('values of the map of objects', document)
          values++
        }
      }
    }
  } finally {
    database.close()
  }
  return values
}

async function lookAtColumns(file: string, look: Look): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const path = `'${file.replaceAll("'", "''")}'`
    const names = (
      await connection.runAndReadAll(
        `SELECT name FROM (DESCRIBE SELECT * FROM read_parquet(${path})) AS t(name, a, b, c, d, e)`,
      )
    )
      .getRows()
      .map(([name]) => String(name))
    for (const name of names) {
      const rows = (await connection.runAndReadAll(`SELECT "${name}"::VARCHAR FROM read_parquet(${path})`)).getRows()
      look('columns of the store', Buffer.from(rows.map(([text]) => String(text)).join('\n')))
    }
    return names.length
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
