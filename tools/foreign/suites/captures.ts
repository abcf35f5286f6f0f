import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { akvoradoCases } from '../captures/akvorado.ts'
import { beatsCases } from '../captures/beats.ts'
import { outcomesOf, type Case } from '../captures/compare.ts'
import { fluentdCases } from '../captures/fluentd.ts'
import { gopacketCases } from '../captures/gopacket.ts'
import { logstashCases } from '../captures/logstash.ts'
import { pmacctCases } from '../captures/pmacct.ts'
import { telegrafCases } from '../captures/telegraf.ts'
import type { Suite } from '../suite.ts'

const collectors: Readonly<Record<string, (folder: string) => Promise<readonly Case[]>>> = {
  akvorado: akvoradoCases,
  beats: beatsCases,
  fluentd: fluentdCases,
  gopacket: gopacketCases,
  logstash: logstashCases,
  pmacct: pmacctCases,
  telegraf: telegrafCases,
}

export const suite: Suite = {
  summary: 'Captures of exporters: each flow of the golden files of seven projects, in the columns that both have',
  source:
    'a folder per project: beats (x-pack/filebeat/input/netflow/testdata of the Go module ' +
    'github.com/elastic/beats/v7), and as in their repositories: akvorado/outlet/flow/decoder, logstash/spec ' +
    '(logstash-codec-netflow), pmacct/tests, telegraf/plugins/inputs/netflow, fluentd/test (fluent-plugin-netflow), ' +
    'gopacket/layers',
  async *outcomes(folder) {
    for (const [collector, cases] of Object.entries(collectors)) {
      const own = join(folder, collector)
      if ((await stat(own).catch(() => undefined)) === undefined) continue
      for (const one of await cases(own)) yield* outcomesOf(one)
    }
  },
}
