/** Fields of packages, problems, facts and images. */
import { insightTexts, type InsightPart } from '../model/image-insights.ts'
import type { Named, QueryKind } from './names.ts'

const named = (name: string, kind: QueryKind, ...others: readonly string[]): Named => ({ name, kind, others })

const textsOf = (part: InsightPart): readonly Named[] =>
  insightTexts[part].map((text) => named(text.name, 'dict', ...('others' in text ? text.others : [])))

/** Pods that run the image at the time of the query. */
const running: readonly Named[] = [
  named('pods', 'u32'),
  named('clusters', 'list<dict>', 'cluster'),
  named('namespaces', 'list<dict>', 'namespace', 'ns'),
  named('workloads', 'list<dict>', 'workload', 'owner'),
]

const reported: readonly Named[] = [
  named('image', 'dict', 'digest'),
  named('image_name', 'dict', 'repository'),
  named('tool', 'dict', 'scanner'),
  named('tool_version', 'dict'),
  ...['valid_from', 'valid_to'].map((name) => named(name, 'time')),
  ...running,
]

/** As of the flows before that time. */
const exposed: readonly Named[] = [named('exposure', 'dict', 'reach')]

export const packageFields: readonly Named[] = [...textsOf('packages'), ...reported]

export const problemFields: readonly Named[] = [
  // A flaw is found by each of its ids.
  { ...named('id', 'list<dict>', 'cve', 'alias', 'aliases'), sql: ({ identifier }) => identifier('ids') },
  named('severity', 'dict'),
  named('score', 'f64'),
  ...textsOf('problems'),
  named('waived', 'bool'),
  named('waiver', 'dict'),
  named('epss', 'f64'),
  named('kev', 'bool', 'exploited'),
  ...reported,
  ...exposed,
]

export const factFields: readonly Named[] = [...textsOf('facts'), ...reported]

export const imageFields: readonly Named[] = [
  named('image', 'dict', 'digest'),
  named('name', 'dict', 'repository'),
  named('tags', 'list<dict>', 'tag'),
  named('os', 'dict'),
  named('architecture', 'dict', 'arch'),
  named('tools', 'list<dict>', 'tool', 'scanner'),
  ...['packages', 'findings', 'fixable', 'waived'].map((name) => named(name, 'u32')),
  ...['critical', 'high', 'medium', 'low', 'negligible', 'none', 'unknown'].map((name) => named(name, 'u32')),
  named('scanned', 'bool'),
  ...running,
  ...exposed,
]
