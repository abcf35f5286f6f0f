/** Ids of endpoints by their texts. Files of endpoints never change, so that the ids of a text are read once. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { fileList, quoted, rowsOf } from '../duck.ts'
import { trimOldest } from '../../model/trim-oldest.ts'
import type { StoredFile } from '../record.ts'

export type EndpointId = Readonly<{ file: StoredFile; text: string; id: number }>

export type EndpointTexts = Readonly<{
  /** Column of the files. */
  part: string
  texts: readonly string[]
  /** Maximum ids of all files. */
  maxIds: number
}>

/** Maximum cached results for a text in a file, also if it has no id. Some 5 MB. */
const maxKnown = 20_000
/** With more, or in longer texts, ids are read again. */
const [maxIdsKept, maxLength] = [20, 100]

export class EndpointIds {
  readonly #directory: string
  /** In order of use. */
  readonly #known = new Map<string, readonly number[]>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** `files`: of endpoints, verified, with the column. Undefined if there are more ids, or tables, which grow. */
  async find(
    connection: DuckDBConnection,
    files: readonly StoredFile[],
    { part, texts, maxIds }: EndpointTexts,
  ): Promise<readonly EndpointId[] | undefined> {
    if (files.some(({ table }) => table !== undefined)) return undefined
    const results: EndpointId[] = []
    const unread = files.filter((file) => {
      const lists = texts.map((text) => ({ text, ids: this.#known.get(keyOf(file, part, text)) }))
      if (lists.some(({ ids }) => ids === undefined)) return true
      for (const { text, ids = [] } of lists) {
        this.#keep(keyOf(file, part, text), ids)
        for (const id of ids) results.push({ file, text, id })
      }
      return false
    })
    const read = unread.length === 0 ? [] : await this.#read(connection, unread, { part, texts, maxIds })
    if (read === undefined || results.length + read.length > maxIds) return undefined
    return [...results, ...read]
  }

  async #read(
    connection: DuckDBConnection,
    files: readonly StoredFile[],
    { part, texts, maxIds }: EndpointTexts,
  ): Promise<readonly EndpointId[] | undefined> {
    const byPath = new Map(files.map((file) => [`${this.#directory}/${file.name}`, file]))
    const rows = await rowsOf(
      connection,
      `SELECT DISTINCT filename, "${part}", ep::DOUBLE FROM read_parquet(${fileList([...byPath.keys()])},
        filename = true, union_by_name = true) WHERE "${part}" IN (${texts.map(quoted).join(', ')})
        LIMIT ${maxIds + 1}`,
    )
    if (rows.length > maxIds) return undefined
    const results = rows.map(([path, text, id]) => ({
      file: byPath.get(String(path))!,
      text: String(text),
      id: Number(id),
    }))
    const ids = Map.groupBy(results, ({ file, text }) => keyOf(file, part, text))
    for (const file of files)
      for (const text of texts) {
        const idsOfText = (ids.get(keyOf(file, part, text)) ?? []).map(({ id }) => id)
        if (idsOfText.length <= maxIdsKept && text.length <= maxLength) this.#keep(keyOf(file, part, text), idsOfText)
      }
    return results
  }

  #keep(key: string, ids: readonly number[]) {
    this.#known.delete(key)
    this.#known.set(key, ids)
    trimOldest(this.#known, maxKnown)
  }
}

function keyOf({ name }: StoredFile, part: string, text: string) {
  return `${name} ${part} ${text}`
}
