import { expect, test } from 'vitest'
import { recordingLog } from '../testing/frames.ts'
import { addReadingAids, readingAids } from './reading-aids.ts'

const never = new AbortController().signal

type Run = (statement: string) => Promise<void>

function optionsFor(run: Run, known: readonly string[] | Error, more: object = {}) {
  const log = recordingLog()
  return {
    log,
    options: {
      client: {
        place: 'http://ch (database weir)',
        run,
        rows: <Row>() =>
          known instanceof Error
            ? Promise.reject(known)
            : Promise.resolve(known.map((name) => ({ name })) as unknown as Row[]),
      },
      names: { database: 'weir', table_prefix: 'weir_' },
      cluster: null,
      distributed: false,
      create: true,
      hourSums: ['services', 'sources', 'destinations'] as const,
      log,
      tables: () => Promise.resolve(),
      ...more,
    },
  }
}

test('only missing indexes and sums are added, to the tables that have the rows', async () => {
  const statements: string[] = []
  const { options } = optionsFor(
    (statement) => Promise.resolve(void statements.push(statement)),
    readingAids()
      .slice(2)
      .map(({ name }) => name),
    { cluster: 'main', distributed: true },
  )
  await addReadingAids(options, never)
  expect(statements).toEqual([
    'ALTER TABLE `weir`.`weir_flows_local` ON CLUSTER `main` ADD INDEX IF NOT EXISTS `addresses` (src_addr, ' +
      'dst_addr) TYPE bloom_filter(0.01) GRANULARITY 1',
    'ALTER TABLE `weir`.`weir_flows_local` ON CLUSTER `main` ADD INDEX IF NOT EXISTS `networks` (src_addr, dst_addr) ' +
      'TYPE minmax GRANULARITY 1',
  ])
})

test('a server that lacks projections gets the indexes, and a warning names the others', async () => {
  const statements: string[] = []
  const run: Run = (statement) => {
    statements.push(statement)
    return statement.includes('PROJECTION') ? Promise.reject(new Error('Syntax error')) : Promise.resolve()
  }
  const { options, log } = optionsFor(run, new Error('no table system.projections'))
  await addReadingAids(options, never)
  expect(statements).toHaveLength(readingAids().length - 1)
  expect(JSON.stringify(log.lines)).toContain('hourly_sources: Syntax error')
  expect(statements.join()).not.toContain('hourly_pairs')
})
