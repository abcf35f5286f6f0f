import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readReport } from '../src/codecs/sbom/index.ts'
import { feedReaders } from '../src/codecs/vulnerability-feeds/index.ts'
import { digestOf, good, imageOf } from './cluster.ts'
import { imageSources, reportPushed } from './images.ts'

test('reports are of the images that run, and a bad release brings an exploited package', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-demo-images-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await imageSources(folder)
  await reportPushed(folder, imageOf(good + 1))
  const files = await readdir(join(folder, 'sbom'))
  const read = async (image: string) => {
    const report = await readReport(await readFile(join(folder, 'sbom', `${digestOf(image).replace(':', '-')}.json`)))
    expect(report.image.digest).toBe(digestOf(image))
    return report.problems?.map(({ id }) => id)
  }
  expect(await read(imageOf(good))).toEqual(['CVE-2023-2976', 'CVE-2023-45853'])
  expect(await read(imageOf(good + 1))).toEqual(['CVE-2021-44228', 'CVE-2023-45853'])
  expect(files).not.toContain(`${digestOf('registry.example/dns:1.11').replace(':', '-')}.json`)
  const kev = feedReaders.kev(await readFile(join(folder, 'kev.json'), 'utf8'))
  const epss = feedReaders.epss(await readFile(join(folder, 'epss.csv'), 'utf8'))
  expect([kev.values.has('CVE-2021-44228'), epss.values.get('CVE-2021-44228')]).toEqual([true, '0.944'])
})
