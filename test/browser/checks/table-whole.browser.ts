import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { useBigStage } from '../kit/big-stage.ts'
import { figure } from '../kit/figures.ts'
import { chromiumPath } from '../kit/stage.ts'

/** Columns of many types: times, addresses, optional names, integers of all sizes, estimates, fractions. */
const exported = [
  '_pos',
  'time_received',
  'time_start',
  'src_addr',
  'dst_addr',
  'src_port',
  'dst_port',
  'proto',
  'bytes',
  'packets',
  'bytes_est',
  'sampling',
  'src_name',
  'src_namespace',
  'dst_name',
  'dst_namespace',
  'dns_latency',
  'rtt',
  'dns_name',
  'drop_cause',
  'tcp_flags',
] as const

async function firstLine(file: string): Promise<string | undefined> {
  for await (const line of createInterface({ input: createReadStream(file, { end: 10_000 }) })) return line
  return undefined
}

describe.skipIf(chromiumPath === undefined || process.platform !== 'linux')(
  'chromium: a million flows, and questions that take long',
  () => {
    const stage = useBigStage()

    /** Fills caches of the server before memory is measured. */
    async function warmUp(): Promise<void> {
      const enough = new AbortController()
      const answer = await fetch(
        `${stage.weir.url}/api/v1/export?${new URLSearchParams({ ...spanOf(stage), columns: exported.join(',') })}`,
        { signal: enough.signal, headers: { 'accept-encoding': 'identity' } },
      )
      const reader = answer.body?.getReader()
      for (let bytes = 0; bytes < 40e6;) bytes += (await reader?.read())?.value?.length ?? Infinity
      enough.abort()
    }

    test('check 29: all rows stream as CSV with flat server memory and match SQL when read again', async () => {
      const page = await stage.page(
        `/flows?${new URLSearchParams({ v: '1', live: '0', t: stage.time, cols: exported.join(',') })}`,
      )
      await page.locator('.grid-body [role="row"]').first().waitFor()
      await page.getByText(`of ${new Intl.NumberFormat('en-US').format(stage.span.rows)} flows`).waitFor()
      await page.getByRole('button', { name: 'Export' }).click()
      await warmUp()
      const before = stage.weir.memory().own
      let [most, ended] = [0, false]
      const watched = (async () => {
        while (!ended) {
          most = Math.max(most, stage.weir.memory().own)
          await sleep(50)
        }
      })()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'CSV, visible columns' }).click(),
      ])
      const failure = await download.failure()
      ended = true
      expect(failure, stage.weir.log.slice(-3000)).toBeNull()
      const file = await download.path()
      await watched
      const { size } = await stat(file)
      figure('CSV of a million flows', Math.round(size / 1e6), 'MB')
      figure('memory of the server above that before, while it streamed', Math.round((most - before) / 1e6), 'MB')
      expect(size).toBeGreaterThan(100e6)
      // A buffered response would take at least the size of the file.
      expect(most - before).toBeLessThan(size / 2)
      expect(await firstLine(file)).toBe(exported.join(','))

      const described = await stage.weir.sql<{ column_name: string; column_type: string }>('DESCRIBE flows')
      const types = exported.map(
        (name) => `'${name}': '${described.find((column) => column.column_name === name)?.column_type ?? ''}'`,
      )
      const sums = `SELECT count(*)::INT AS n,
        ${exported
          .map(
            (name) =>
              `count(${name})::INT AS "${name} present", ` + `bit_xor(hash(${name}))::VARCHAR AS "${name} values"`,
          )
          .join(', ')},
        bit_xor(hash(${exported.join(', ')}))::VARCHAR AS rows`
      const instance = await DuckDBInstance.create(':memory:')
      const connection = await instance.connect()
      await connection.run("SET TimeZone = 'UTC'")
      const read = await connection.runAndReadAll(
        `${sums} FROM read_csv('${file.replaceAll("'", "''")}', header = true, delim = ',',
          quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, auto_detect = false,
            columns = {${types.join(', ')}})`,
      )
      connection.closeSync()
      instance.closeSync()
      const [source] = await stage.weir.sql(`${sums} FROM flows`)
      expect(read.getRowObjectsJson()[0]).toEqual(source)
      expect(source?.['n']).toBe(stage.span.rows)
      await rm(file, { force: true })
      await page.context().close()
    }, 480_000)

    test('check 46: a slow query can be cancelled on the page, and the server stops it', async () => {
      // A filter that matches nothing and scans every row many times.
      const slow = Array.from(
        { length: 120 },
        (_, index) => `src_name ~ "(a|b|c|d)+[0-9]+x${index}y" and dst_name ~ "(e|f|g|h)+[0-9]+z${index}"`,
      ).join(' or ')
      const started = stage.weir.cpuSeconds()
      const whole = await fetch(
        `${stage.weir.url}/api/v1/flows?` +
          new URLSearchParams({ filter: slow, ...spanOf(stage), limit: '500', sort: '-bytes' }).toString(),
      )
      expect(((await whole.json()) as { rows: unknown[] }).rows).toEqual([])
      const all = stage.weir.cpuSeconds() - started
      figure('CPU of a slow question to its end', Number(all.toFixed(1)), 's')

      const page = await stage.page(
        `/flows?${new URLSearchParams({ v: '1', live: '0', t: stage.time, sort: '-bytes', q: slow })}`,
      )
      const begun = stage.weir.cpuSeconds()
      await page.getByRole('button', { name: 'Cancel' }).waitFor()
      await expect.poll(() => stage.weir.cpuSeconds() - begun, { timeout: 60_000 }).toBeGreaterThan(all / 10)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('Query cancelled').waitFor()
      // Idle: hardly any CPU for a second.
      await expect
        .poll(
          async () => {
            const from = stage.weir.cpuSeconds()
            await sleep(1000)
            return stage.weir.cpuSeconds() - from
          },
          { timeout: 60_000 },
        )
        .toBeLessThan(0.3)
      const spent = stage.weir.cpuSeconds() - begun
      figure('CPU of the same question, cancelled', Number(spent.toFixed(1)), 's')
      expect(spent).toBeLessThan(0.7 * all)
      await page.getByRole('button', { name: 'Refresh' }).first().waitFor()
      await page.getByRole('button', { name: 'Clear the filter' }).first().click()
      await expect
        .poll(() =>
          page
            .getByRole('grid')
            .getAttribute('aria-rowcount')
            .catch(() => null),
        )
        .toBe(String(stage.span.rows + 1))
      await page.context().close()
    }, 480_000)
  },
)

function spanOf({ span }: { readonly span: { readonly from: unknown; readonly to: unknown } }): {
  readonly from: string
  readonly to: string
} {
  return { from: String(span.from), to: String(span.to) }
}
