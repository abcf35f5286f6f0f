import { stringify } from 'yaml'
import { readFlpFilter } from '../../../query/flp/index.ts'
import { importNetObserv } from '../../../query/netobserv-url.ts'
import { PresetProblem } from '../../given.ts'
import type { NetobservPlan } from '../finish.ts'
import { flowCollectorPreset, readFlowCollector } from '../flowcollector/index.ts'

export function plan(text: string, ignoreUnsupported = false): NetobservPlan {
  const { resource: found, slices } = readFlowCollector(text, 'fc.yaml')
  return flowCollectorPreset(found, {
    slices,
    data: '/data',
    ignoreUnsupported,
    readFilter: readFlpFilter,
    readFile: (path) => `content of ${path}\n`,
    secrets: '/secrets',
    followed: false,
    readLink: importNetObserv,
  })
}

export function problem(text: string): string {
  try {
    return `no problem: ${JSON.stringify(plan(text))}`
  } catch (error) {
    if (!(error instanceof PresetProblem)) throw error
    return error.message
  }
}

export function resource(spec: object, version = 'v1beta2'): string {
  return stringify({
    apiVersion: `flows.netobserv.io/${version}`,
    kind: 'FlowCollector',
    metadata: { name: 'cluster' },
    spec,
  })
}
