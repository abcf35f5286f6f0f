import { appendFile, mkdtemp, rename, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { TestJournal } from '../../../test/conformance/test-journal.ts'
import { netobservJson } from '../../codecs/netobserv-json/index.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { fileSourceSchema } from './config.ts'
import { LineCutter } from './map-lines.ts'
import { openFileSource, source } from './source.ts'

type Settings = Omit<WrittenConfigOf<typeof fileSourceSchema>, 'path'>

const line = (port: number): string => `{"Proto":6,"SrcPort":${port}}\n`
const lines = (...ports: readonly number[]): string => ports.map(line).join('')
const newFile = async (text: string): Promise<string> => {
  const path = join(await mkdtemp(join(tmpdir(), 'weir-file-source-')), 'flows.ndjson')
  await writeFile(path, text)
  return path
}

function records(journal: TestJournal): Record<string, unknown>[] {
  return journal.units
    .filter(({ kind }) => kind === 'flows')
    .flatMap(({ raw }) => {
      const batch = decodeBatch('flows', raw) as FlowBatch
      const json = netobservJson(batch)
      return Array.from({ length: batch.count }, (_, row) => JSON.parse(json(row)) as Record<string, unknown>)
    })
}
const portsIn = (journal: TestJournal): unknown[] => records(journal).map(({ SrcPort }) => SrcPort)

/** Runs a source while `act` runs. */
async function running(
  journal: TestJournal,
  path: string,
  settings: Settings,
  act: (
    status: () => { readonly position: number; readonly malformed: number; readonly why?: string },
  ) => Promise<void>,
): Promise<void> {
  const opened = await openFileSource(configFrom(fileSourceSchema, { path, ...settings }), journal.context(1))
  const stop = new AbortController()
  const done = opened.run(stop.signal)
  try {
    await act(() => opened.status())
  } finally {
    stop.abort()
    await done
  }
}

describe('source file', () => {
  test('reads each line once, the last without an end, and continues at its position after a restart', async () => {
    const journal = new TestJournal()
    const path = await newFile(`${lines(1, 2)}\n  \r\n${line(3).trim()}`)
    await running(journal, path, {}, () => vi.waitFor(() => expect(portsIn(journal)).toEqual([1, 2, 3])))
    await appendFile(path, `\n${lines(4)}`)
    await running(journal, path, {}, () => vi.waitFor(() => expect(portsIn(journal)).toEqual([1, 2, 3, 4])))
  })

  test('keeps fields that Weir does not have, exactly', async () => {
    const journal = new TestJournal()
    const record = '{"Proto":17,"Bytes":12345678901234567890,"site":{"rack":98765432109876543210}}\n'
    await running(journal, await newFile(record), {}, () => vi.waitFor(() => expect(journal.units).toHaveLength(1)))
    const [unit] = journal.units
    const text = netobservJson(decodeBatch('flows', unit?.raw ?? new Uint8Array(0)) as FlowBatch)(0)
    expect(text).toContain('"Bytes":12345678901234567890')
    expect(text).toContain('"site":{"rack":98765432109876543210}')
  })

  test('follows a growing file, waits for the end of a line, and continues in the file that replaces it', async () => {
    const journal = new TestJournal()
    const path = await newFile(lines(1) + line(2).slice(0, 9))
    await running(journal, path, { follow: true }, async () => {
      await vi.waitFor(() => expect(portsIn(journal)).toEqual([1]))
      await appendFile(path, line(2).slice(9))
      await vi.waitFor(() => expect(portsIn(journal)).toEqual([1, 2]), 5000)
      await appendFile(path, line(3).trim())
      await rename(path, `${path}.1`)
      await writeFile(path, lines(4, 5))
      await vi.waitFor(() => expect(portsIn(journal)).toEqual([1, 2, 3, 4, 5]), 5000)
      await truncate(path)
      await vi.waitFor(async () => {
        await writeFile(path, lines(6))
        expect(portsIn(journal)).toContain(6)
      }, 8000)
    })
  })

  test('another file under the name is read from its begin after a restart', async () => {
    const journal = new TestJournal()
    const path = await newFile(lines(1, 2))
    await running(journal, path, {}, () => vi.waitFor(() => expect(portsIn(journal)).toEqual([1, 2])))
    await writeFile(path, lines(3, 4, 5))
    await running(journal, path, {}, () => vi.waitFor(() => expect(portsIn(journal)).toEqual([1, 2, 3, 4, 5])))
  })

  test('repeats a file after its end', async () => {
    const journal = new TestJournal()
    await running(journal, await newFile(lines(7, 8)), { repeat: '5ms' }, () =>
      vi.waitFor(() => expect(portsIn(journal).slice(0, 6)).toEqual([7, 8, 7, 8, 7, 8])),
    )
  })

  test('counts lines that are no flow or too long, and reads the others', async () => {
    const journal = new TestJournal()
    const long = `{"site":"${'x'.repeat(400_000)}"}\n`
    const path = await newFile(`[1]\n${lines(1)}${long}${lines(2)}{"Proto":`)
    await running(journal, path, { max_line: '64KiB' }, async (status) => {
      await vi.waitFor(() => expect(status().malformed).toBe(3))
      expect(portsIn(journal)).toEqual([1, 2])
    })
    expect(journal.shed).toEqual({ malformed: 3 })
  })

  test('waits for a file that does not exist, and names it', async () => {
    const journal = new TestJournal()
    const path = `${await newFile('')}.later`
    await running(journal, path, {}, async (status) => {
      await vi.waitFor(() => expect(status().why).toContain(`${path} cannot be read`))
      await writeFile(path, lines(9))
      await vi.waitFor(() => expect(portsIn(journal)).toEqual([9]), 5000)
      expect(status().why).toBeUndefined()
    })
    const context = journal.context(1)
    await expect(source.verify?.(configFrom(fileSourceSchema, { path: `${path}.no` }), context)).rejects.toThrow(
      'ENOENT',
    )
  })

  test('a file that is followed, and standard input, cannot be repeated', () => {
    expect(() => configFrom(fileSourceSchema, { path: 'a', follow: true, repeat: '1s' })).toThrow('followed')
    expect(() => configFrom(fileSourceSchema, { path: '-', repeat: '1s' })).toThrow('standard input')
  })
})

test('lines are cut alike, whatever the size of the chunks', () => {
  const text = Buffer.from('a\n\nbcd\nlonger than eight\nef\nlast')
  for (let size = 1; size <= text.length; size++) {
    const cutter = new LineCutter(8)
    const found: [string, number][] = []
    for (let at = 0; at < text.length; at += size)
      for (const one of cutter.lines(text.subarray(at, at + size))) found.push([one.toString(), cutter.position])
    expect(cutter.end).toBe(text.length)
    expect([...found, cutter.last()?.toString(), cutter.position, cutter.tooLong]).toEqual([
      ['a', 2],
      ['', 3],
      ['bcd', 7],
      ['ef', 28],
      'last',
      32,
      1,
    ])
  }
})
