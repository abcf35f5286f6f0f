// The store's files are Parquet that others read: pyarrow, which has another reader than DuckDB, finds the same values
// in the same rows.
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { anyFlows } from '../../src/store/testing/any-flows.ts'
import { FrameMaker, startOfDay } from '../../src/store/testing/frames.ts'
import { temporaryStores } from '../../src/store/testing/temporary.ts'
import { realHost } from '../../src/host/index.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { SeededRandom } from '../kit/random.ts'
import { installPyarrow } from './install/pyarrow.ts'

/** Prints [{column: [cell]}] of the files: whole numbers as text, times as µs, doubles marked, lists as lists. */
const program = `
import json, sys
import pyarrow as pa, pyarrow.parquet as pq
def cell(value):
    if value is None or isinstance(value, str): return value
    if isinstance(value, float): return {'double': repr(value)}
    if isinstance(value, list): return [cell(each) for each in value]
    return str(value)
def read(path):
    table = pq.ParquetFile(path).read()
    out = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_timestamp(column.type): column = column.cast(pa.timestamp('us', tz='UTC')).cast(pa.int64())
        out[name] = [cell(value) for value in column.to_pylist()]
    return out
json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
`

type Cell = string | null | number | readonly Cell[]

function ofPython(value: unknown): Cell {
  if (Array.isArray(value)) return value.map(ofPython)
  if (typeof value === 'object' && value !== null && 'double' in value)
    return Number(String(value.double).replace('inf', 'Infinity'))
  return value as Cell
}

function ofDuck(value: unknown, double: boolean): Cell {
  if (value === null || value === undefined || typeof value === 'string') return value ?? null
  if (Array.isArray(value)) return value.map((each) => ofDuck(each, double))
  return double ? Number(value) : String(value)
}

async function readByDuck(path: string): Promise<Record<string, Cell[]>> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const from = `read_parquet('${path}')`
    const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`))
      .getRows()
      .map(([name, type]) => ({ name: String(name), type: String(type) }))
    const list = described.map(({ name, type }) =>
      type.startsWith('TIMESTAMP') ? `epoch_us("${name}") AS "${name}"` : `"${name}"`,
    )
    const columns = (await connection.runAndReadAll(`SELECT ${list.join(', ')} FROM ${from}`)).getColumnsJS()
    return Object.fromEntries(
      described.map(({ name, type }, index) => [
        name,
        (columns[index] ?? []).map((value) => ofDuck(value, type.startsWith('DOUBLE'))),
      ]),
    )
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const stores = temporaryStores()

describe('pyarrow', () => {
  test.for([21, 22, 23])(
    'reads every file of a store as DuckDB does, before and after merging (seed %i)',
    async (seed, context) => {
      const python = await installPyarrow()
      if (python.path === undefined) return context.skip(python.reason)
      const random = new SeededRandom(seed)
      let now = startOfDay
      const real = realHost()
      const store = await stores.open({ host: { ...real, clock: { ...real.clock, now: () => now } } })
      const make = new FrameMaker()
      const script = join(stores.home, 'read.py')
      await writeFile(script, program)
      const compare = async (): Promise<number> => {
        const files = (await readdir(stores.directory)).filter((name) => name.endsWith('.parquet'))
        const ran = await runCommand(python.path, [script, ...files.map((name) => join(stores.directory, name))], {
          limit: 120_000,
        })
        expect([ran.code, ran.code === 0 ? '' : ran.output]).toEqual([0, ''])
        const answers = JSON.parse(ran.stdout) as Record<string, unknown[]>[]
        for (const [index, name] of files.entries()) {
          const found = Object.fromEntries(
            Object.entries(answers[index] ?? {}).map(([column, cells]) => [column, cells.map(ofPython)]),
          )
          const wanted = await readByDuck(join(stores.directory, name))
          expect(Object.keys(found).toSorted()).toEqual(Object.keys(wanted).toSorted())
          // Comparing first, and describing only what differs: there are a million cells.
          for (const [column, cells] of Object.entries(wanted))
            if (!isDeepStrictEqual(found[column], cells))
              expect([name, column, found[column]]).toEqual([name, column, cells])
        }
        return files.length
      }
      for (let commit = 0; commit < 4; commit++) {
        await store.projection.apply([
          make.batch(
            anyFlows(random, random.pick([1, 7, 300, 3000]), random.pick([0.2, 1]), startOfDay).batch,
            startOfDay,
            'netflow',
          ),
        ])
        await store.projection.commit()
      }
      const before = await compare()
      now += 26 * 3_600_000
      while (await store.maintain());
      expect(await compare()).toBeLessThan(before)
    },
  )
})
