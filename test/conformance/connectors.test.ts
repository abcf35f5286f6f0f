import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { manifests } from '../../src/components/manifests.ts'
import type { Rig } from './rig.ts'
import { sinkConformance } from './sink.ts'
import { sourceConformance } from './source.ts'
import waivers from './waivers.json' with { type: 'json' }

const root = new URL('../../', import.meta.url)

for (const [folder, { source, sinks = [] }] of manifests) {
  const { rig } = existsSync(new URL(`src/connectors/${folder}/testing/rig.ts`, root))
    ? ((await import(`../../src/connectors/${folder}/testing/rig.ts`)) as { readonly rig: Rig })
    : { rig: {} }
  describe(`src/connectors/${folder}/testing/rig.ts`, () => {
    if (rig.open !== undefined) beforeAll(rig.open)
    if (rig.close !== undefined) afterAll(rig.close)
    for (const { name, harness, against } of rig.sources ?? []) sourceConformance(name, harness, against)
    for (const { name, harness, against } of rig.sinks ?? []) sinkConformance(name, harness, against)
    if (source !== undefined) hasEvidence('source', source.schema.type, rig.sources)
    for (const { type } of sinks) hasEvidence('sink', type, rig.sinks)
  })
}

function hasEvidence(role: 'source' | 'sink', type: string, suites: Rig['sources' | 'sinks'] = []): void {
  test(`${role} ${type} has a conformance suite, or a waiver that names its tests`, async () => {
    const waiver = waivers.find((one) => one.name === type && one.case === `every ${role} case`)
    const isCovered = suites.some(({ name }) => name.split(' ')[0] === type)
    // An unnecessary waiver fails.
    expect(isCovered ? 'covered' : waiver === undefined ? 'neither' : 'waived').toBe(waiver ? 'waived' : 'covered')
    if (waiver === undefined) return
    expect(waiver.reason.length).toBeGreaterThan(30)
    expect(await readFile(new URL(waiver.tests ?? '', root), 'utf8')).toMatch(
      new RegExp(`${role}Conformance\\(|proves\\('${role}'`),
    )
  })
}
