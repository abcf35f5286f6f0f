import type { Holders, Log, Resolver } from '../engine/contracts.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { parseIp } from '../model/ip.ts'
import type { Folder } from './folder.ts'
import { isOver } from './merge.ts'
import { dayOf, hourOf, msPerHour } from './names.ts'
import { withoutChecksum, type StoredFile } from './record.ts'
import { aboutFiles } from './state.ts'
import type { Revision, TableWriter, UnknownEndpoint } from './table-writer.ts'

const minuteMs = 60_000
const catchUpHours = 3

type ResolveUnknownOptions = Readonly<{
  folder: Folder
  writer: () => Promise<TableWriter>
  resolver: Resolver
  log: Log
}>

/** Once the hour is over: names of a watched cluster can arrive after the flows. */
export class ResolveUnknownAddresses {
  readonly #options: ResolveUnknownOptions
  #next: number | undefined

  constructor(options: ResolveUnknownOptions) {
    this.#options = options
  }

  async run(now: number): Promise<void> {
    const { holders } = this.#options.resolver
    if (holders === undefined) return
    for (let hour = this.#next ?? hourOf(now) - catchUpHours; isOver(hour, now); hour++) {
      await this.#resolveHour(hour, holders)
      this.#next = hour + 1
    }
  }

  async #resolveHour(hour: number, holders: Holders) {
    const { folder, writer, log } = this.#options
    // Late flows may be of the previous hour or day.
    const days = new Set([dayOf(hour), dayOf(hour - 1)])
    const files = [...folder.state.files.values()].filter(
      (file) => file.stream === 'endpoints' && days.has(file.hour) && !folder.versions.missing.has(file.name),
    )
    let named = 0
    for (const file of files) {
      if (!(await folder.verify([file]))) continue
      const tables = await writer()
      const unknown = await tables.unknown(folder.path(file.name), (hour - 1) * msPerHour, (hour + 1) * msPerHour)
      const revisions = unknown.flatMap((endpoint) => revisionOf(endpoint, holders))
      if (revisions.length === 0) continue
      await this.#revise(file, revisions, tables)
      named += revisions.length
    }
    if (named > 0)
      log.info('Resolved addresses that were unknown when their flows arrived.', {
        hour: new Date(hour * msPerHour).toISOString(),
        addresses: named,
      })
  }

  async #revise(file: StoredFile, revisions: readonly Revision[], tables: TableWriter) {
    const { folder } = this.#options
    const pin = folder.versions.pin()
    try {
      const { name, ...written } = await folder.writeFile(file, (path) =>
        tables.revise(folder.path(file.name), revisions, path, aboutFiles(folder.state, file.schema)),
      )
      if (written.rows !== file.rows) {
        await folder.discard([{ name }])
        throw new Error(`Revision changed the number of endpoints from ${file.rows} to ${written.rows}`)
      }
      await folder.syncDirectory()
      if (folder.state.files.get(file.name) !== file) return await folder.discard([{ name }])
      await folder.exchange([file.name], [{ ...withoutChecksum(file), name, ...written }])
    } finally {
      await pin.release()
    }
  }
}

/** Requires exactly one holder in that minute. */
export function revisionOf({ id, address, unknownAt, cluster }: UnknownEndpoint, holders: Holders): Revision[] {
  const words = parseIp(address)
  if (words === undefined) return []
  const number = cluster === undefined ? 0 : holders.clusterOf(cluster)
  let onlyHolder: number | undefined
  for (let time = unknownAt; time < unknownAt + minuteMs;) {
    const holder = holders.find(words, 0, time, number)
    if (holder !== 0 && onlyHolder !== undefined && onlyHolder !== holder) return []
    if (holder !== 0) onlyHolder = holder
    time = holders.until > time ? holders.until : time + 1
  }
  const meaning: Endpoint | undefined = onlyHolder === undefined ? undefined : holders.endpoint(onlyHolder)
  return meaning === undefined ? [] : [{ id, meaning }]
}
