import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { WeirConfig } from '../../app/config.ts'
import { sbomSchema } from '../../connectors/sbom/config.ts'
import { vulnerabilityFeedsSchema } from '../../connectors/vulnerability-feeds/config.ts'
import { realHost } from '../../host/index.ts'
import { configFrom } from '../../schema/index.ts'
import { temporaryFolder } from '../testing/command.ts'
import type { CheckContext } from './finding.ts'
import { checkImages } from './images.ts'

test('empty folders, missing files and rejected feeds are named with an advice', async () => {
  const folder = await temporaryFolder()
  const [reports, kev, epss] = ['reports', 'kev.json', 'epss.csv'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const entry = (id: string, settings: object): object => ({ [id]: { id, type: id, settings } })
  const sbom = entry('sbom', configFrom(sbomSchema, { path: reports }))
  const feeds = entry('vulnerability-feeds', configFrom(vulnerabilityFeedsSchema, { kev, epss }))
  const found = async (sources: object): Promise<unknown[]> => {
    const scene = { host: realHost(), config: { sources } as unknown as WeirConfig } as CheckContext
    return (await checkImages(scene)).map(({ check, status, fact }) => `${check} ${status}: ${fact}`)
  }
  await writeFile(kev, '{"vulnerabilities": [{"cveID": "CVE-2020-0001"}]}')
  expect(await found({ ...sbom, ...feeds })).toEqual([
    `source sbom fail: ${reports} is not a folder`,
    `source vulnerability-feeds fail: ${epss} does not exist; kev has 1 entries`,
  ])
  await mkdir(reports)
  await writeFile(epss, 'cve,epss\nCVE-2020-0001,2')
  expect(await found({ ...sbom, ...feeds })).toEqual([
    `source sbom warn: ${reports} is empty`,
    `source vulnerability-feeds fail: ${epss} is rejected: It has no scores.; kev has 1 entries`,
  ])
  await writeFile(join(reports, 'a.json'), '{}')
  await writeFile(epss, 'cve,epss\nCVE-2020-0001,0.2')
  expect(await found(sbom)).toEqual([`source sbom ok: ${reports} has 1 entry`])
  expect(await found(feeds)).toEqual([
    'source vulnerability-feeds ok: epss has 1 entries; kev has 1 entries',
    'images warn: there are feeds of vulnerabilities, but no source of reports about images',
  ])
})
