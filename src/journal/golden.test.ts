import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { describeGolden, goldenFolder } from '../../test/kit/golden-journal.ts'

// Folders of earlier versions; never change them. An upgrade keeps the journal.
const fixtures = join(import.meta.dirname, 'fixtures')
const versions = await readdir(fixtures)

describe.each(versions)('a journal of frame version %s', async (version) => {
  const cases = await readdir(join(fixtures, version))

  it.each(cases)('is read unchanged: %s', async (name) => {
    const folder = join(fixtures, version, name)
    const host = fakeHost(1)
    await host.disk.makeDirectory(goldenFolder)
    for (const file of await readdir(folder)) {
      if (file.endsWith('.seg')) host.disk.put(`${goldenFolder}/${file}`, await readFile(join(folder, file)))
    }
    const expected = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')) as object
    // Later versions may add facts about a frame, but not change them.
    expect(JSON.parse(await describeGolden(host))).toMatchObject(expected)
  })
})

it('golden journals exist', () => {
  expect(versions).toEqual(['v1', 'v2'])
})
